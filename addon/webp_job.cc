#include "webp_job.h"

#include <cstring>
#include <utility>

#include "js_error.h"

namespace bdreader {

namespace {

void release(napi_env, void* memory, void*) {
    FreeMemory()(static_cast<uint8_t*>(memory));
}

/** @return a Uint8Array over the file's own memory; over a copy where JavaScript takes none that is not its
 * own */
Napi::Value toJs(Napi::Env env, WebpFile file) {
    napi_value buffer = nullptr;
    // Not through Napi::ArrayBuffer, which takes a refusal, as Electron gives it, for a fault.
    if (napi_create_external_arraybuffer(env, file.data.get(), file.size, release, nullptr, &buffer) !=
        napi_ok) {
        Napi::Uint8Array copy = Napi::Uint8Array::New(env, file.size);
        std::memcpy(copy.Data(), file.data.get(), file.size);
        return copy;
    }
    // From here on the finalizer owns it.
    static_cast<void>(file.data.release());
    return Napi::Uint8Array::New(env, file.size, Napi::ArrayBuffer(env, buffer), 0);
}

}  // namespace

WebpJob::WebpJob(Napi::Env env, const Napi::Uint8Array& pixels, const WebpSource& source,
                 const WebpSettings& settings)
    : Napi::AsyncWorker(env, "bdreader:webp"),
      deferred_(Napi::Promise::Deferred::New(env)),
      pixels_(Napi::Persistent(pixels)),
      source_(source),
      settings_(settings) {}

void WebpJob::Execute() {
    try {
        file_ = encodeWebp(source_, settings_, *isUnwanted_);
    } catch (...) {
        failure_ = std::make_unique<Failure>(currentFailure());
    }
}

void WebpJob::OnOK() {
    if (failure_) {
        deferred_.Reject(toJsError(Env(), *failure_));
    } else {
        deferred_.Resolve(toJs(Env(), std::move(file_)));
    }
}

}  // namespace bdreader
