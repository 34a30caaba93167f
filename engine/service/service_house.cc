// What requests about the service itself do: looking, watching, and keeping it well.

#include <filesystem>
#include <utility>

#include "engine/gallery/catalogue.h"
#include "engine/service/service_job.h"

namespace whorl::service {

Result<Service::Done> Service::do_get_subject(const wire::GetSubjectRequest& request, Job& job) {
  WHORL_TRY(const SubjectId subject, read_subject(request.subject()));
  job.subject = subject.value();
  auto& store = on_.engine.store();
  WHORL_TRY(const gallery::GalleryInfo info, store.find_gallery(job.heading.gallery));
  WHORL_TRY(const auto encounters, store.get_subject(info.id, subject));
  wire::SubjectAnswerT told;
  for (const gallery::StoredEncounter& encounter : encounters) {
    auto one = std::make_unique<wire::EncounterInfoT>();
    one->encounter = encounter.id.value();
    one->captured_at_ms = static_cast<std::uint64_t>(encounter.content.captured_at.value());
    one->source = encounter.content.source;
    one->samples = reports_of(encounter.content.templates);
    one->sex = static_cast<wire::Sex>(encounter.content.demographics.sex);
    one->birth_year = encounter.content.demographics.birth_year;
    told.encounters.push_back(std::move(one));
  }
  told.report = report_of(job);
  return Done{packed(told)};
}

std::vector<std::unique_ptr<wire::GalleryInfoT>> Service::galleries_seen(const Job& job) const {
  std::vector<std::unique_ptr<wire::GalleryInfoT>> seen;
  for (const search::GalleryStatus& status : on_.engine.status()) {
    if (!on_.gatekeeper.may_see(job.call.caller, status.name)) continue;
    auto one = std::make_unique<wire::GalleryInfoT>();
    one->name = status.name;
    one->subjects = static_cast<std::uint64_t>(status.subjects);
    one->templates = static_cast<std::uint64_t>(status.templates);
    one->memory_bytes = status.resident_bytes;
    one->device_bytes = static_cast<std::uint64_t>(status.device_bytes);
    seen.push_back(std::move(one));
  }
  return seen;
}

Result<Service::Done> Service::do_list(const wire::ListGalleriesRequest&, Job& job) {
  wire::GalleriesAnswerT told;
  told.galleries = galleries_seen(job);
  told.report = report_of(job);
  return Done{packed(told)};
}

Result<Service::Done> Service::do_stats(const wire::StatsRequest&, Job& job) {
  WHORL_TRY(const gallery::StoreStats stats, on_.engine.store().stats());
  wire::StatsAnswerT told;
  told.galleries = galleries_seen(job);
  told.disk_bytes = static_cast<std::uint64_t>(stats.disk_bytes);
  for (const std::int64_t inside : admission_.inside()) {
    told.waiting.push_back(static_cast<std::uint32_t>(inside));
  }
  told.started_at_ms = static_cast<std::uint64_t>(started_at_.value());
  told.report = report_of(job);
  return Done{packed(told)};
}

Result<> Service::watch_hits(const Call& call, Message message,
                             const std::function<bool(Bytes)>& send) {
  Job job{Verb::watch_hits, call, {}, {}};
  std::shared_ptr<HitBoard::Watch> watch;
  const auto begin = [&]() -> Result<Done> {
    WHORL_TRY(const wire::WatchHitsRequest* const request,
              verified<wire::WatchHitsRequest>(message));
    WHORL_TRY(job.heading, read_heading(request->heading(), NeedsGallery::yes));
    WHORL_TRY_VOID(on_.gatekeeper.admit(call.caller, job.wish()));
    const wire::Decision least = request->least();
    if (least > wire::Decision::hit) return fail(Fault::bad_request, 0, "least");
    WHORL_TRY(watch, board_.watch([gallery = job.heading.gallery, least](const wire::HitT& hit) {
      return hit.gallery == gallery && hit.decision >= least;
    }));
    return Done{};
  };
  Result<Done> begun = begin();
  WHORL_TRY_VOID(record(job, begun));
  tell(job, begun);
  if (!begun) return tl::unexpected<Error>(std::move(begun).error());
  for (;;) {
    WHORL_TRY(const auto hit, watch->next(call.patience));
    if (hit == nullptr) return {};
    WHORL_TRY_VOID(on_.gatekeeper.allows(call.caller, job.wish()));  // still
    if (!send(packed(*hit))) return {};
  }
}

Result<Service::Done> Service::do_backup(const wire::BackupRequest& request, Job& job) {
  const std::string name = request.folder()->str();
  if (!gallery::is_name(name)) return fail(Fault::bad_name, 0, "folder");
  if (job.policy->backup_folder.empty()) {
    return fail(Fault::not_allowed, 0, "the policy names no folder for backups");
  }
  const auto folder = std::filesystem::path(job.policy->backup_folder) / name;
  WHORL_TRY(const Admission::Turn turn, turn_for_upkeep(job));
  WHORL_TRY_VOID(on_.engine.store().backup(folder.string()));
  wire::AdminAnswerT told;
  told.report = report_of(job);
  return Done{packed(told)};
}

Result<Service::Done> Service::do_compact(const wire::CompactRequest&, Job& job) {
  WHORL_TRY(const Admission::Turn turn, turn_for_upkeep(job));
  WHORL_TRY_VOID(on_.engine.store().compact());
  const Result<> closed = on_.engine.close_gaps();
  WHORL_TRY_VOID(on_.engine.save_snapshot());  // in any case: the next start reads it
  WHORL_TRY_VOID(closed);
  wire::AdminAnswerT told;
  told.report = report_of(job);
  return Done{packed(told)};
}

Result<Service::Done> Service::do_reload(const wire::ReloadRequest&, Job& job) {
  WHORL_TRY_VOID(on_.gatekeeper.reload());
  admission_.set_bounds(on_.gatekeeper.policy()->queue);
  on_.log.event("policy-reloaded", "");
  wire::AdminAnswerT told;
  told.report = report_of(job);
  return Done{packed(told)};
}

Result<Service::Done> Service::do_drain(const wire::DrainRequest&, Job& job) {
  begin_draining();
  if (on_drain_) on_drain_();
  wire::AdminAnswerT told;
  told.report = report_of(job);
  return Done{packed(told)};
}

}  // namespace whorl::service
