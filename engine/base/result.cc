#include "engine/base/result.h"

#include <array>
#include <iterator>

#include "kernels/core.h"

namespace whorl {
namespace {

constexpr FaultText kTexts[] = {
    {Fault::truncated, Blame::input, "truncated", "the bytes end before the record does",
     "fetch the file again; if it is complete at its source, report the device that wrote it"},
    {Fault::bad_magic, Blame::input, "bad-magic", "this is not a format Whorl reads",
     "give one of the formats listed in docs/formats"},
    {Fault::unsupported, Blame::input, "unsupported",
     "well formed, but a version or feature Whorl does not read",
     "export it as one of the versions listed in docs/formats"},
    {Fault::out_of_range, Blame::input, "out-of-range",
     "a field is outside what its standard allows",
     "look at the byte named here in docs/formats and report the device that wrote it"},
    {Fault::limit_exceeded, Blame::input, "limit-exceeded", "larger than Whorl's own limits allow",
     "see docs/limits.md; split the request or drop what is not needed"},
    {Fault::index_unavailable, Blame::machine, "index-unavailable",
     "the search index refused; the gallery is untouched",
     "run `whorl compact` to rebuild the index from the gallery"},
    {Fault::empty_input, Blame::input, "empty-input", "there are no bytes in it",
     "check that the capture was saved, then give it again"},
    {Fault::length_mismatch, Blame::input, "length-mismatch",
     "a declared length disagrees with the bytes that are there",
     "fetch the file again; if it is the same at its source, report the device that wrote it"},
    {Fault::no_minutiae, Blame::input, "no-minutiae", "a finger view holds no minutia at all",
     "capture the finger again"},
    {Fault::bad_resolution, Blame::input, "bad-resolution",
     "the resolution is zero, outside 99 to 1200 ppi, or differs in x and y",
     "name the scanner's true resolution with --ppi"},
    {Fault::not_finite, Blame::input, "not-finite", "a face vector holds NaN or infinity",
     "embed the face again; check the network's input scale"},
    {Fault::wrong_dimension, Blame::input, "wrong-dimension",
     "a face vector has another length than its model's",
     "use the embedder the gallery was built with"},
    {Fault::wrong_model, Blame::input, "wrong-model",
     "a face vector comes from another model than the gallery's",
     "embed the face with the gallery's model; vectors of two models cannot be compared"},
    {Fault::zero_vector, Blame::input, "zero-vector", "a face vector has no direction",
     "embed the face again; an all-zero vector means that the network saw nothing"},
    {Fault::duplicate_id, Blame::input, "duplicate-id",
     "this subject, encounter or request is stored already",
     "choose a new number, or use `whorl update` to replace the encounter"},
    {Fault::not_found, Blame::not_found, "not-found", "no such gallery, subject or encounter",
     "`whorl list`, or over the network `whorl client galleries` and `show`, tell what there is"},
    {Fault::bad_checksum, Blame::machine, "bad-checksum",
     "stored bytes changed since they were written",
     "restore the store from a backup with `whorl restore`, and have the disk examined"},
    {Fault::seal_broken, Blame::machine, "seal-broken",
     "a sealed record does not open: it was altered, moved, or sealed with another key",
     "restore the store from a backup with `whorl restore`; if that fails too, look for the right "
     "key"},
    {Fault::wrong_key, Blame::machine, "wrong-key", "this is not the store's master key",
     "name the right one with --key-file, --key-command or WHORL_MASTER_KEY; after `whorl keys "
     "rotate` it is the new one"},
    {Fault::no_key, Blame::usage, "no-key", "no master key was given, or it is not 64 hex digits",
     "make one with `whorl keygen FILE`, then name it with --key-file or --key-command (which must "
     "print it and exit with 0), or set WHORL_MASTER_KEY"},
    {Fault::disk_full, Blame::machine, "disk-full",
     "the disk has no room; nothing of this request was stored",
     "free some space and repeat the request; what was acknowledged before is safe"},
    {Fault::io_error, Blame::machine, "io-error", "the disk or file system refused",
     "check that the path exists and may be written, and look at the system log"},
    {Fault::store_corrupt, Blame::machine, "store-corrupt", "the store's own files are damaged",
     "restore the store from a backup with `whorl restore`, and have the disk examined"},
    {Fault::store_in_use, Blame::machine, "store-in-use", "another process has this store open",
     "stop that process, or send it the request instead"},
    {Fault::store_version, Blame::machine, "store-version",
     "the store was written by another major version of Whorl",
     "export it with that version and enrol the export with this one"},
    {Fault::already_exists, Blame::usage, "already-exists", "the target is there already",
     "name a folder or file that does not exist yet"},
    {Fault::bad_name, Blame::usage, "bad-name", "a gallery name must match [a-z0-9_-]{1,64}",
     "choose a name of small letters, digits, '-' and '_'"},
    {Fault::bad_manifest, Blame::input, "bad-manifest",
     "a row of the manifest cannot be understood",
     "each row needs subject,modality,position,path,ppi; the line is named here"},
    {Fault::bad_argument, Blame::usage, "bad-argument",
     "the options contradict each other or one is malformed", "see --help"},
    {Fault::backend_unavailable, Blame::usage, "backend-unavailable",
     "the forced kernel twin is not available on this machine",
     "`whorl devices` lists those that are; leave --backend out to take the fastest"},
    {Fault::out_of_memory, Blame::machine, "out-of-memory", "the machine's memory is used up",
     "see docs/limits.md for bytes per template; split the gallery or add memory"},
    {Fault::quality_too_low, Blame::input, "quality-too-low",
     "the capture was refused by the quality gate",
     "clean the finger and the scanner and capture again"},
    {Fault::snapshot_stale, Blame::machine, "snapshot-stale",
     "the index snapshot does not belong to this store or version",
     "nothing is lost: the index is rebuilt from the gallery"},
    {Fault::too_few_minutiae, Blame::input, "too-few-minutiae",
     "too few minutiae to tell this finger from another", "capture a larger part of the finger"},
    {Fault::cancelled, Blame::machine, "cancelled", "asked to stop before it was done",
     "repeat the request"},
    {Fault::device_fault, Blame::machine, "device-fault", "an accelerator failed",
     "run with --backend avx2 or reference, and look at the system log"},
    {Fault::damaged_file, Blame::input, "damaged-file",
     "a file's checksum does not fit its bytes, or its compressed data is broken",
     "fetch the file again; if it is the same at its source, capture the person again"},
    {Fault::no_device, Blame::machine, "no-device", "no accelerator answers",
     "`whorl devices` says why; without --backend cuda the CPU gives the same answers"},
    {Fault::no_finger, Blame::input, "no-finger", "no finger is to be seen in the picture",
     "capture the finger again; a face is told with --modality face"},
    {Fault::no_face, Blame::input, "no-face", "no face is found in the picture",
     "take the picture again: one person, facing the camera, in even light"},
    {Fault::many_faces, Blame::input, "many-faces",
     "the picture shows several faces, and which one is meant cannot be told",
     "crop the picture to one person, or take it again"},
    {Fault::face_too_small, Blame::input, "face-too-small",
     "the face is too small to be told from others",
     "take the picture from nearer by or at a higher resolution; docs/faces.md says how large"},
    {Fault::model_unavailable, Blame::machine, "model-unavailable",
     "a face model or one of its files is not on this machine",
     "run tools/setup for the default model, or put the file where docs/faces.md says"},
    {Fault::bad_model, Blame::usage, "bad-model", "a face model's description cannot be understood",
     "correct the line named here; docs/faces.md lists every entry"},
    {Fault::wrong_model_file, Blame::machine, "wrong-model-file",
     "a face model's file is not the one its description names: its SHA-256 differs",
     "fetch the file again from its source, or correct sha256 if another file is meant"},
    {Fault::bad_model_output, Blame::machine, "bad-model-output",
     "a network answered something else than its model's description says",
     "correct the description's output, dimension and input to those of the network"},
    {Fault::unknown_client, Blame::usage, "unknown-client",
     "the policy does not name this certificate's subject, or the certificate is revoked",
     "ask the service's administrator to name it in the policy, or for a new certificate"},
    {Fault::not_allowed, Blame::usage, "not-allowed",
     "the client's role does not allow this verb, gallery, purpose or priority",
     "ask the service's administrator for the right, or use another certificate"},
    {Fault::busy, Blame::machine, "busy",
     "the service has as much to do as it may, or the client's rate is used up; nothing was begun",
     "repeat the request after the time that the answer names"},
    {Fault::deadline_exceeded, Blame::machine, "deadline-exceeded",
     "the caller's deadline passed before there was an answer",
     "repeat the same request id with a longer deadline; what was already done is answered, not "
     "done again"},
    {Fault::request_reused, Blame::input, "request-reused",
     "this request id was used before, for another request",
     "give every request an id of its own; repeat an id only with the very same request"},
    {Fault::bad_request, Blame::input, "bad-request",
     "a message of the protocol lacks something or contradicts itself",
     "correct the field named here; docs/protocol.md lists them"},
    {Fault::bad_policy, Blame::usage, "bad-policy",
     "the service's policy file cannot be understood",
     "correct the line named here; docs/policy.md lists every entry"},
    {Fault::bad_certificate, Blame::usage, "bad-certificate",
     "a certificate, private key or revocation list cannot be read, or they do not belong together",
     "give PEM files; docs/policy.md shows how to make them"},
    {Fault::audit_broken, Blame::machine, "audit-broken",
     "the audit log was altered, shortened or reordered",
     "keep the files as they are, find out who had access, and go on in a new folder"},
    {Fault::unreachable, Blame::machine, "unreachable", "the service does not answer",
     "check that it runs, the address, and that both certificates are of the same authority"},
    {Fault::draining, Blame::machine, "draining",
     "the service is about to stop and takes nothing new", "repeat the request after it is back"},
    {Fault::no_kept_picture, Blame::input, "no-kept-picture",
     "the gallery does not hold the pictures of these people's faces",
     "enrol them again from pictures in a gallery that keeps pictures, or delete them; nothing was "
     "changed"},
    {Fault::gallery_moving, Blame::machine, "gallery-moving",
     "the gallery's faces are half-way to another model",
     "run `whorl re-embed` with the model named here until it says that all are moved"},
    {Fault::no_store, Blame::usage, "no-store", "there is no store, or no backup, in this folder",
     "name another folder; `whorl enroll` and `whorl gallery` make a store with --create"},
    {Fault::unrecorded, Blame::machine, "unrecorded",
     "it was done and its answer is stored, but the record did not reach the audit log",
     "make the audit log's folder writable, then send the same request again, with its id: it is "
     "answered as it would have been, recorded, and not done twice"},
};

static_assert(std::end(kTexts)[-1].fault == kLastFault);
static_assert(std::size(kTexts) == static_cast<std::size_t>(kLastFault));

}  // namespace

const FaultText& text_of(Fault fault) {
  for (const FaultText& text : kTexts) {
    if (text.fault == fault) return text;
  }
  constexpr bool every_fault_has_a_text = false;
  WHORL_CHECK(every_fault_has_a_text);
  return kTexts[0];
}

std::string describe(const Error& error) {
  const FaultText& text = text_of(error.fault);
  std::string line = error.where;
  if (error.offset != 0)
    line += (line.empty() ? "byte " : ", byte ") + std::to_string(error.offset);
  if (!line.empty()) line += ": ";
  line += "E" + std::to_string(static_cast<int>(error.fault)) + " " + std::string(text.name) + ": ";
  line += std::string(text.what) + ". To do: " + std::string(text.remedy) + ".";
  return line;
}

}  // namespace whorl
