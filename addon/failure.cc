#include "failure.h"

#include <new>

namespace bdreader {

namespace {
constexpr int kNcnnOutOfMemory = -100;
}

const char* codeName(FailureCode code) {
    switch (code) {
        case FailureCode::kCancelled:
            return "cancelled";
        case FailureCode::kOutOfMemory:
            return "out_of_memory";
        case FailureCode::kGpuLost:
            return "gpu_lost";
        case FailureCode::kModelInvalid:
            return "model_invalid";
        case FailureCode::kDeviceUnavailable:
            return "device_unavailable";
        case FailureCode::kInternal:
            return "internal";
    }
    return "internal";
}

Failure currentFailure() {
    try {
        throw;
    } catch (const Failure& failure) {
        return failure;
    } catch (const std::bad_alloc&) {
        return Failure(FailureCode::kOutOfMemory, "no host memory left");
    } catch (const std::exception& error) {
        return Failure(FailureCode::kInternal, error.what());
    } catch (...) {
        return Failure(FailureCode::kInternal, "unknown exception");
    }
}

void checkExtract(int status, const char* what) {
    if (status == 0) return;
    const std::string text = std::string(what) + " returned " + std::to_string(status);
    throw Failure(status == kNcnnOutOfMemory ? FailureCode::kOutOfMemory : FailureCode::kInternal, text);
}

void checkSubmit(int status, const char* what) {
    if (status == 0) return;
    throw Failure(FailureCode::kGpuLost, std::string(what) + " returned " + std::to_string(status));
}

}  // namespace bdreader
