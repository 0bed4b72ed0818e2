#pragma once

#include <ncnn/mat.h>

#include <cstdint>

#include "runner.h"
#include "tile_task.h"

namespace bdreader {

/**
 * Reads `region` of an image into three float planes of value/255.
 *
 * @param edges what the region shows where it reaches out of the image
 * @param peak raised to the largest value that was read
 * @throws Failure kOutOfMemory
 */
ncnn::Mat readRegion(ConstPixels image, Rect region, Edges edges, uint8_t& peak);

/**
 * Writes three float planes as rounded and clamped 8-bit pixels.
 *
 * @param planes what the network gave, at least `target` plus `crop` wide and high
 * @param crop columns and rows of `planes` to skip on the left and on the top
 * @param target where the pixels go, inside of `image`
 * @return the largest value written
 * @throws Failure kInternal when a value is not a number
 */
uint8_t writeRegion(const ncnn::Mat& planes, Size crop, Pixels image, Rect target);

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
