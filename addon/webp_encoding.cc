#include "webp_encoding.h"

#include <webp/encode.h>

#include <array>
#include <cstring>
#include <string>

#include "failure.h"

namespace bdreader {

namespace {

/** What libwebp calls while it works; a pointer to it goes through the picture's fields. */
struct Encoding {
    const std::atomic<bool>& isUnwanted;
    WebpFile file;
    bool hasNoMemory = false;
};

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

/** Luma of a grey value as libwebp computes it from equal red, green and blue (ITU-R BT.601, 16 to 235). */
constexpr uint8_t lumaOf(uint32_t grey) {
    constexpr uint32_t kRed = 16839, kGreen = 33059, kBlue = 6420;
    return static_cast<uint8_t>(((kRed + kGreen + kBlue) * grey + (1 << 15) + (16 << 16)) >> 16);
}

/** Without loss libwebp starts from 32-bit pixels, otherwise from luma and halved chroma. */
void importGrey(const WebpSource& source, WebPPicture* picture) {
    if (!WebPPictureAlloc(picture)) fail(picture->error_code);
    const auto width = static_cast<size_t>(source.width);
    if (!picture->use_argb) {
        const auto chroma =
            static_cast<size_t>(picture->uv_stride) * static_cast<size_t>((source.height + 1) / 2);
        std::memset(picture->u, 128, chroma);
        std::memset(picture->v, 128, chroma);
    }
    std::array<uint8_t, 256> luma{};
    for (uint32_t grey = 0; grey < luma.size(); grey++) luma[grey] = lumaOf(grey);
    for (int y = 0; y < source.height; y++) {
        const uint8_t* row = source.data + static_cast<size_t>(y) * source.stride;
        if (picture->use_argb) {
            uint32_t* pixels = picture->argb + static_cast<ptrdiff_t>(y) * picture->argb_stride;
            for (size_t x = 0; x < width; x++) pixels[x] = 0xff000000u | row[x] * 0x010101u;
        } else {
            uint8_t* pixels = picture->y + static_cast<ptrdiff_t>(y) * picture->y_stride;
            for (size_t x = 0; x < width; x++) pixels[x] = luma[row[x]];
        }
    }
}

void importPixels(const WebpSource& source, WebPPicture* picture) {
    if (source.channels == 1) {
        importGrey(source, picture);
        return;
    }
    const auto import = source.channels == 4 ? WebPPictureImportRGBA : WebPPictureImportRGB;
    if (!import(picture, source.data, static_cast<int>(source.stride))) fail(picture->error_code);
}

WebPConfig configOf(const WebpSettings& settings) {
    WebPConfig config;
    if (!WebPConfigInit(&config))
        throw Failure(FailureCode::kInternal, "libwebp has another ABI than its headers");
    config.quality = static_cast<float>(settings.quality);
    config.method = settings.effort;
    config.lossless = settings.lossless ? 1 : 0;
    return config;
}

}  // namespace

WebpFile encodeWebp(const WebpSource& source, const WebpSettings& settings,
                    const std::atomic<bool>& isUnwanted) {
    if (isUnwanted) fail(VP8_ENC_ERROR_USER_ABORT);
    // libwebp looks only after it has copied all pixels.
    if (source.width > WEBP_MAX_DIMENSION || source.height > WEBP_MAX_DIMENSION)
        fail(VP8_ENC_ERROR_BAD_DIMENSION);
    const WebPConfig config = configOf(settings);
    Encoding encoding{isUnwanted, {}};
    Picture picture;
    picture->width = source.width;
    picture->height = source.height;
    picture->use_argb = settings.lossless ? 1 : 0;
    picture->writer = append;
    picture->custom_ptr = &encoding;
    picture->progress_hook = goOn;
    picture->user_data = &encoding;
    importPixels(source, picture.get());
    if (!WebPEncode(&config, picture.get())) {
        fail(encoding.hasNoMemory ? VP8_ENC_ERROR_OUT_OF_MEMORY : picture->error_code);
    }
    return std::move(encoding.file);
}

}  // namespace bdreader
