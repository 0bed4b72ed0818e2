#pragma once

#include <stdexcept>
#include <string>

namespace bdreader {

/** Stable codes that cross into JavaScript as the `code` of an error; listed again in src/engine/native.ts.
 */
enum class FailureCode { kCancelled, kOutOfMemory, kGpuLost, kModelInvalid, kDeviceUnavailable, kInternal };

/** @return the code as JavaScript sees it. */
const char* codeName(FailureCode code);

/** What the engine throws; anything else that escapes from ncnn is turned into one at the border of a thread.
 */
class Failure : public std::runtime_error {
  public:
    Failure(FailureCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    FailureCode code() const { return code_; }

  private:
    FailureCode code_;
};

/** Turns the exception being handled into a Failure. Call it inside a catch block only. */
Failure currentFailure();

/** Checks a status of Extractor::input or Extractor::extract, where -100 means that an allocation failed. */
void checkExtract(int status, const char* what);

/** Checks a status of a queue submission or of its fence, which fail when the device is gone. */
void checkSubmit(int status, const char* what);

}  // namespace bdreader
