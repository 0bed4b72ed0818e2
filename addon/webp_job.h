#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "failure.h"
#include "webp_encoding.h"

namespace bdreader {

/**
 * One image on its way to a file, on a thread of libuv's pool, where sharp's codecs work, too. Keeps the
 * pixels from the garbage collector until it is done; deletes itself then. Node.js waits for it when an
 * environment or the process ends.
 */
class WebpJob : public Napi::AsyncWorker {
  public:
    /** @param pixels what `source` points into */
    WebpJob(Napi::Env env, const Napi::Uint8Array& pixels, const WebpSource& source,
            const WebpSettings& settings);

    Napi::Promise promise() const { return deferred_.Promise(); }

    /** What ends the work early once it is set; may outlive the job. */
    std::shared_ptr<std::atomic<bool>> unwanted() const { return isUnwanted_; }

  protected:
    void Execute() override;
    void OnOK() override;

  private:
    Napi::Promise::Deferred deferred_;
    Napi::Reference<Napi::Uint8Array> pixels_;
    WebpSource source_;
    WebpSettings settings_;
    std::shared_ptr<std::atomic<bool>> isUnwanted_ = std::make_shared<std::atomic<bool>>(false);
    WebpFile file_;
    std::unique_ptr<Failure> failure_;
};

}  // namespace bdreader
