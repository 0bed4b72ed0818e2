#include "webp_encoding.h"

#include <webp/encode.h>

#include <cstring>
#include <string>

#include "failure.h"
#include "webp_import.h"
#include "webp_picture.h"

namespace bdreader {

namespace {

/** What libwebp calls while it works; a pointer to it goes through the picture's fields. */
struct Encoding {
    const std::atomic<bool>& isUnwanted;
    WebpFile file;
    bool hasNoMemory = false;
};

/** libwebp writes a file in a few large pieces, so that making room for each of them exactly costs nothing.
 */
int append(const uint8_t* data, size_t size, const WebPPicture* picture) {
    if (size == 0) return 1;
    auto& encoding = *static_cast<Encoding*>(picture->custom_ptr);
    WebpFile& file = encoding.file;
    auto* grown = static_cast<uint8_t*>(std::realloc(file.data.get(), file.size + size));
    if (!grown) {
        encoding.hasNoMemory = true;
        return 0;
    }
    static_cast<void>(file.data.release());
    file.data.reset(grown);
    std::memcpy(grown + file.size, data, size);
    file.size += size;
    return 1;
}

int goOn(int, const WebPPicture* picture) {
    const auto& encoding = *static_cast<const Encoding*>(picture->user_data);
    return encoding.isUnwanted.load(std::memory_order_relaxed) ? 0 : 1;
}

const char* textOf(WebPEncodingError error) {
    switch (error) {
        case VP8_ENC_ERROR_NULL_PARAMETER:
            return "a parameter is missing";
        case VP8_ENC_ERROR_INVALID_CONFIGURATION:
            return "the settings contradict each other";
        case VP8_ENC_ERROR_BAD_DIMENSION:
            return "the image is larger than 16383 x 16383 pixels";
        case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
            return "the image's modes take more than 512 KiB";
        case VP8_ENC_ERROR_PARTITION_OVERFLOW:
            return "a partition of the image takes more than 16 MiB";
        case VP8_ENC_ERROR_BAD_WRITE:
            return "the file could not be written";
        case VP8_ENC_ERROR_FILE_TOO_BIG:
            return "the file would be larger than 4 GiB";
        default:
            return "unknown error";
    }
}

[[noreturn]] void fail(WebPEncodingError error) {
    const std::string number = std::to_string(static_cast<int>(error));
    switch (error) {
        case VP8_ENC_ERROR_OUT_OF_MEMORY:
        case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
            throw Failure(FailureCode::kOutOfMemory, "libwebp got no memory");
        case VP8_ENC_ERROR_USER_ABORT:
            throw Failure(FailureCode::kCancelled, "no longer wanted");
        default:
            throw Failure(FailureCode::kInternal,
                          std::string("libwebp: ") + textOf(error) + " (" + number + ")");
    }
}

/** Transparency would be written meanwhile, without loss, which takes more memory at once. */
bool isAnalysedByTwo(const WebpSource& source, const WebpSettings& settings) {
    return settings.threads > 1 && !settings.lossless && source.channels != 4;
}

WebPConfig configOf(const WebpSource& source, const WebpSettings& settings) {
    WebPConfig config;
    if (!WebPConfigInit(&config))
        throw Failure(FailureCode::kInternal, "libwebp has another ABI than its headers");
    config.quality = static_cast<float>(settings.quality);
    config.method = settings.effort;
    config.lossless = settings.lossless ? 1 : 0;
    config.thread_level = isAnalysedByTwo(source, settings) ? 1 : 0;
    return config;
}

}  // namespace

WebpFile encodeWebp(const WebpSource& source, const WebpSettings& settings,
                    const std::atomic<bool>& isUnwanted) {
    if (isUnwanted) fail(VP8_ENC_ERROR_USER_ABORT);
    // libwebp looks only after it has copied all pixels.
    if (source.width > WEBP_MAX_DIMENSION || source.height > WEBP_MAX_DIMENSION)
        fail(VP8_ENC_ERROR_BAD_DIMENSION);
    const WebPConfig config = configOf(source, settings);
    Encoding encoding{isUnwanted, {}};
    Picture picture;
    picture->width = source.width;
    picture->height = source.height;
    picture->use_argb = settings.lossless ? 1 : 0;
    picture->writer = append;
    picture->custom_ptr = &encoding;
    picture->progress_hook = goOn;
    picture->user_data = &encoding;
    if (!importPixels(source, settings.threads, picture.get())) fail(picture->error_code);
    if (!WebPEncode(&config, picture.get())) {
        fail(encoding.hasNoMemory ? VP8_ENC_ERROR_OUT_OF_MEMORY : picture->error_code);
    }
    return std::move(encoding.file);
}

}  // namespace bdreader
