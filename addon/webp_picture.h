#pragma once

#include <webp/encode.h>

#include "failure.h"

namespace bdreader {

/** libwebp's planes of pixels, given back whatever happens. */
class Picture {
  public:
    Picture() {
        if (!WebPPictureInit(&picture_))
            throw Failure(FailureCode::kInternal, "libwebp has another ABI than its headers");
    }
    ~Picture() { WebPPictureFree(&picture_); }

    Picture(const Picture&) = delete;
    Picture& operator=(const Picture&) = delete;

    WebPPicture* get() { return &picture_; }
    WebPPicture* operator->() { return &picture_; }

  private:
    WebPPicture picture_{};
};

}  // namespace bdreader
