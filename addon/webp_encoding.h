#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "webp_import.h"

namespace bdreader {

struct WebpSettings {
    /** 0 to 100; of lossless files: the time taken to make them small. */
    int quality = 0;
    /** libwebp's method, 0 to 6. */
    int effort = 0;
    bool lossless = false;
    /** That may work on the image, the calling one among them. The file does not depend on it. */
    int threads = 1;
};

struct FreeMemory {
    void operator()(uint8_t* memory) const { std::free(memory); }
};

/** A whole file, in memory of std::malloc. */
struct WebpFile {
    std::unique_ptr<uint8_t, FreeMemory> data;
    size_t size = 0;
};

/**
 * Writes an image as a WebP file, with libwebp's defaults beside the settings: the bytes are those that
 * libvips makes with the same libwebp.
 *
 * @param isUnwanted looked at all the time; the work ends soon after it is set
 * @throws Failure kCancelled when it was set, kOutOfMemory, kInternal with what libwebp says
 */
WebpFile encodeWebp(const WebpSource& source, const WebpSettings& settings,
                    const std::atomic<bool>& isUnwanted);

}  // namespace bdreader
