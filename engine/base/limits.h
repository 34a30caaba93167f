#pragma once
// Every bound of the engine in one place; docs/limits.md says where each comes from.

#include <cstddef>
#include <cstdint>

namespace whorl {

inline constexpr std::size_t kMaxRecordBytes = 1024 * 1024;  // one minutiae record, all its views
inline constexpr int kMaxViews = 176;                        // ISO/IEC 19794-2:2005, 7.3.10
inline constexpr int kMaxMinutiaePerView = 255;              // one byte on the wire
// What a template keeps: the best by quality, then those nearest the middle. MCC implementations
// and MINEX templates stay below 128; stage 1 memory and time grow with the square.
inline constexpr int kMaxMinutiaePerTemplate = 128;
inline constexpr int kMinPixelsPerInch = 99;
inline constexpr int kMaxPixelsPerInch = 1200;
inline constexpr int kCanonicalPixelsPerInch = 500;
// Of one finger's picture at 500 ppi: 10 x 10 cm. Extraction takes about 50 bytes a pixel.
inline constexpr std::int64_t kMaxPrintPixels = 4'000'000;
// Of all pictures of a file together, at 500 ppi: three cards of ten prints, about ten seconds.
inline constexpr std::int64_t kMaxPrintPixelsPerFile = 40'000'000;
inline constexpr int kMaxFaceDimension = 4096;
inline constexpr std::size_t kMaxModelIdBytes = 64;
inline constexpr int kMaxFacesPerImage = 256;
// A face network's description and one of its files: the largest in use (ResNet-100) has 250 MB.
inline constexpr std::size_t kMaxModelDescriptionBytes = 64 * 1024;
inline constexpr std::size_t kMaxModelFileBytes = 1024 * 1024 * 1024;
inline constexpr std::size_t kMaxSourceBytes = 64;
inline constexpr std::size_t kMaxGalleryNameBytes = 64;
inline constexpr int kMaxTemplatesPerEncounter = 32;  // ten flat, ten rolled, faces, some spare
// The file of a face that a gallery keeps: a photograph of 12 megapixels as JPEG.
inline constexpr std::size_t kMaxKeptPictureBytes = 4 * 1024 * 1024;
inline constexpr int kMaxEncountersPerSubject = 65535;
// A batch is sealed in memory before it is written: about 2 kB a print, 200 kB an encounter at
// most.
inline constexpr int kMaxChangesPerBatch = 4096;
// What a caller wants remembered of a change: 1 kB for each candidate of the largest answer.
inline constexpr std::size_t kMaxNoteBytes = 1024 * 1024;
inline constexpr int kMaxCandidates = 1000;  // the k of top-k
// Prints of a gallery that one probe is compared with in full: 4 MB a list, one a thread. The usual
// share of ten million.
inline constexpr int kMaxSurvivors = 100'000;
inline constexpr int kMaxQueriesPerBatch = 256;
inline constexpr int kMaxExcludedSubjects = 10'000;
// A card of ten prints, 8 by 8 inches at 1000 ppi; decoded grey 64 MiB, in colour 192 MiB.
inline constexpr std::int64_t kMaxImagePixels = 64 * 1024 * 1024;
inline constexpr int kMaxImageSidePx = 20'000;
// The largest picture above, uncompressed and in colour, with what surrounds it.
inline constexpr std::size_t kMaxImageFileBytes = 256 * 1024 * 1024;
// Finger images of one record or transaction: a card of ten prints has 14.
inline constexpr int kMaxImagesPerFile = 128;
// Their pixels together, decoded: three such cards at 1000 ppi.
inline constexpr std::int64_t kMaxImagePixelsPerFile = 192 * 1024 * 1024;
// Blocks behind one image in ISO/IEC 19794-4:2011, which knows three kinds.
inline constexpr std::size_t kMaxExtendedBlocks = 256;
// One message of the protocol: a card of ten prints at 1000 ppi, compressed, or two flat pictures.
inline constexpr std::size_t kMaxMessageBytes = 32 * 1024 * 1024;
inline constexpr std::size_t kMaxRequestIdBytes = 64;
inline constexpr std::size_t kMaxPurposeBytes = 32;
inline constexpr std::size_t kMaxClientNameBytes = 256;  // a certificate's subject, RFC 4514
inline constexpr int kMaxStreamsPerConnection = 100;
inline constexpr int kMaxVisits = 256;         // that are open, of all stations; each has a thread
inline constexpr int kMaxVisitsOfClient = 64;  // of one certificate's subject
inline constexpr int kMaxSubscribers = 64;     // that watch hits together
inline constexpr int kMaxHitsWaiting = 1024;   // for one of them; a slower one is cut off
inline constexpr int kMaxCapturesPerVisit = 64;  // of one station's stream
inline constexpr std::size_t kMaxPolicyBytes = 1024 * 1024;
inline constexpr std::size_t kMaxPemBytes = 16 * 1024 * 1024;  // certificates, revocation lists
inline constexpr int kMaxQueuedRequests = 1000;  // of one priority: each holds a thread

}  // namespace whorl
