#include "webp_import.h"

#include <webp/encode.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <thread>
#include <vector>

#include "webp_picture.h"

namespace bdreader {

namespace {

/** Luma of a grey value as libwebp computes it from equal red, green and blue (ITU-R BT.601, 16 to 235). */
constexpr uint8_t lumaOf(uint32_t grey) {
    constexpr uint32_t kRed = 16839, kGreen = 33059, kBlue = 6420;
    return static_cast<uint8_t>(((kRed + kGreen + kBlue) * grey + (1 << 15) + (16 << 16)) >> 16);
}

/** Without loss libwebp starts from 32-bit pixels, otherwise from luma and halved chroma. */
bool importGrey(const WebpSource& source, WebPPicture* picture) {
    if (!WebPPictureAlloc(picture)) return false;
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
    return true;
}

bool importWhole(const WebpSource& source, WebPPicture* picture) {
    const auto import = source.channels == 4 ? WebPPictureImportRGBA : WebPPictureImportRGB;
    return import(picture, source.data, static_cast<int>(source.stride)) != 0;
}

void copyRows(const uint8_t* from, int fromStride, uint8_t* to, int toStride, int width, int rows) {
    for (int y = 0; y < rows; y++) {
        std::memcpy(to + static_cast<ptrdiff_t>(y) * toStride, from + static_cast<ptrdiff_t>(y) * fromStride,
                    static_cast<size_t>(width));
    }
}

/** Rows of an opaque image in colour, the first of an even number: chroma is of two rows each. */
struct Band {
    int first = 0;
    int rows = 0;
    WebPEncodingError error = VP8_ENC_OK;
};

/** @param picture with planes, of which those of the band are written */
void importBand(const WebpSource& source, const WebPPicture& picture, Band& band) noexcept {
    // Does not fail: the whole picture is of the same libwebp.
    Picture part;
    part->width = source.width;
    part->height = band.rows;
    WebpSource rows = source;
    rows.data += static_cast<size_t>(band.first) * source.stride;
    rows.height = band.rows;
    if (!importWhole(rows, part.get())) {
        band.error = part->error_code;
        return;
    }
    const ptrdiff_t luma = static_cast<ptrdiff_t>(band.first) * picture.y_stride;
    const ptrdiff_t chroma = static_cast<ptrdiff_t>(band.first / 2) * picture.uv_stride;
    const int chromaWidth = (source.width + 1) / 2, chromaRows = (band.rows + 1) / 2;
    copyRows(part->y, part->y_stride, picture.y + luma, picture.y_stride, source.width, band.rows);
    copyRows(part->u, part->uv_stride, picture.u + chroma, picture.uv_stride, chromaWidth, chromaRows);
    copyRows(part->v, part->uv_stride, picture.v + chroma, picture.uv_stride, chromaWidth, chromaRows);
}

/** Fewer rows are sooner imported than handed to another thread. */
constexpr int kLeastBandRows = 128;

std::vector<Band> bandsOf(int height, int threads) {
    const int count = std::clamp(height / kLeastBandRows, 1, threads);
    const int rows = ((height + count - 1) / count + 1) / 2 * 2;
    std::vector<Band> bands;
    for (int first = 0; first < height; first += rows)
        bands.push_back({first, std::min(rows, height - first), VP8_ENC_OK});
    return bands;
}

bool importBands(const WebpSource& source, std::vector<Band>& bands, WebPPicture* picture) {
    if (!WebPPictureAlloc(picture)) return false;
    std::vector<std::thread> helpers;
    helpers.reserve(bands.size());
    size_t handed = 1;
    try {
        for (; handed < bands.size(); handed++)
            helpers.emplace_back(
                [&source, picture, &band = bands[handed]] { importBand(source, *picture, band); });
    } catch (const std::exception&) {
        // The machine has no more threads to give: this one does the rest.
    }
    importBand(source, *picture, bands[0]);
    for (; handed < bands.size(); handed++) importBand(source, *picture, bands[handed]);
    for (std::thread& helper : helpers) helper.join();
    for (const Band& band : bands) {
        if (band.error != VP8_ENC_OK) picture->error_code = band.error;
    }
    return picture->error_code == VP8_ENC_OK;
}

}  // namespace

bool importPixels(const WebpSource& source, int threads, WebPPicture* picture) {
    if (source.channels == 1) return importGrey(source, picture);
    if (picture->use_argb || source.channels == 4) return importWhole(source, picture);
    std::vector<Band> bands = bandsOf(source.height, threads);
    return bands.size() == 1 ? importWhole(source, picture) : importBands(source, bands, picture);
}

}  // namespace bdreader
