// Encodes a page as the worker does, for the compiler to count which ways libwebp goes.
// usage: train FILE WIDTH HEIGHT (FILE: RGB, 3 bytes for each pixel, row after row without gaps)
#include <webp/encode.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

/** What most pages are written with, and what is measured against other programs. */
constexpr int kEfforts[] = {0, 2, 4};
constexpr float kQuality = 90.f;

int forget(const uint8_t*, size_t, const WebPPicture*) {
    return 1;
}

void dropColour(const WebPPicture& picture) {
    const size_t chroma =
        static_cast<size_t>(picture.uv_stride) * static_cast<size_t>((picture.height + 1) / 2);
    std::memset(picture.u, 128, chroma);
    std::memset(picture.v, 128, chroma);
}

bool encode(const std::vector<uint8_t>& rgb, int width, int height, bool isGrey, int effort) {
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture)) return false;
    config.quality = kQuality;
    config.method = effort;
    picture.width = width;
    picture.height = height;
    picture.writer = forget;
    bool isDone = WebPPictureImportRGB(&picture, rgb.data(), width * 3);
    if (isDone && isGrey) dropColour(picture);
    isDone = isDone && WebPEncode(&config, &picture);
    WebPPictureFree(&picture);
    return isDone;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) return EXIT_FAILURE;
    const int width = std::stoi(arguments[2]), height = std::stoi(arguments[3]);
    std::vector<uint8_t> rgb(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
    std::ifstream file(arguments[1], std::ios::binary);
    if (!file.read(reinterpret_cast<char*>(rgb.data()), static_cast<std::streamsize>(rgb.size())))
        return EXIT_FAILURE;
    for (const int effort : kEfforts) {
        for (const bool isGrey : {false, true}) {
            if (!encode(rgb, width, height, isGrey, effort)) return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
