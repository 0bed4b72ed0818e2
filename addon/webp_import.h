#pragma once

#include <cstddef>
#include <cstdint>

struct WebPPicture;

namespace bdreader {

/** Interleaved 8-bit pixels: grey, RGB, or RGB with straight alpha. */
struct WebpSource {
    const uint8_t* data = nullptr;
    int width = 0;
    int height = 0;
    /** 1, 3 or 4. */
    int channels = 0;
    /** Bytes from a row to the next one. */
    size_t stride = 0;
};

/**
 * Makes libwebp's planes from pixels, the same for any number of threads.
 *
 * @param threads that may work on it, the calling one among them, at least 1
 * @param picture without planes, of the source's size; use_argb tells which planes it gets
 * @return false when it failed: picture->error_code then tells why
 */
bool importPixels(const WebpSource& source, int threads, WebPPicture* picture);

}  // namespace bdreader
