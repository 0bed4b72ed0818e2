#pragma once

#include <ncnn/mat.h>

#include <cstdint>

#include "tiling.h"

namespace bdreader {

constexpr int kChannels = 3;

/** Interleaved 8-bit RGB, rows top-down without gaps. Not owned. */
struct ConstPixels {
    const uint8_t* data;
    Size size;
};

struct Pixels {
    uint8_t* data;
    Size size;
};

/**
 * Reads `region` of an image into three float planes of value/255. What lies outside of the image is mirrored
 * at its edges, so that a network never sees a border that is not there.
 *
 * @throws Failure kOutOfMemory
 */
ncnn::Mat readRegion(ConstPixels image, Rect region);

/**
 * Writes three float planes as rounded and clamped 8-bit pixels.
 *
 * @param planes what the network gave, at least `target` plus `crop` wide and high
 * @param crop columns and rows of `planes` to skip on the left and on the top
 * @param target where the pixels go, inside of `image`
 * @throws Failure kInternal when a value is not a number
 */
void writeRegion(const ncnn::Mat& planes, Size crop, Pixels image, Rect target);

/**
 * Adds the input pixel under each output pixel (nearest neighbour): networks that give only a residual need
 * it.
 *
 * @param planes three float planes, changed in place
 * @param input the planes that the network was given
 * @param scale output pixels per input pixel
 * @param inset input pixels per side that the network consumed
 */
void addNearest(ncnn::Mat& planes, const ncnn::Mat& input, int scale, int inset);

}  // namespace bdreader
