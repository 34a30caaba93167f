#pragma once
// Answers of the service as JSON, field by field as whorl.fbs has them, and as text for people.

#include <string>

#include "engine/app/console.h"
#include "engine/generated/whorl_generated.h"

namespace whorl::app {

Json as_json(const wire::EnrolAnswerT& answer);
Json as_json(const wire::IdentifyAnswerT& answer);
Json as_json(const wire::VerifyAnswerT& answer);
Json as_json(const wire::ChangeAnswerT& answer);
Json as_json(const wire::SubjectAnswerT& answer);
Json as_json(const wire::GalleriesAnswerT& answer);
Json as_json(const wire::StatsAnswerT& answer);
Json as_json(const wire::AdminAnswerT& answer);
Json as_json(const wire::FeedbackT& answer);
Json as_json(const wire::HitT& hit);

std::string as_text(const wire::EnrolAnswerT& answer);
std::string as_text(const wire::IdentifyAnswerT& answer);
std::string as_text(const wire::VerifyAnswerT& answer);
std::string as_text(const wire::ChangeAnswerT& answer);
std::string as_text(const wire::SubjectAnswerT& answer);
std::string as_text(const wire::GalleriesAnswerT& answer);
std::string as_text(const wire::StatsAnswerT& answer);
std::string as_text(const wire::AdminAnswerT& answer);
std::string as_text(const wire::FeedbackT& feedback);
std::string as_text(const wire::HitT& hit);

}  // namespace whorl::app
