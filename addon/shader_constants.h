#pragma once

#include <ncnn/command.h>
#include <ncnn/pipeline.h>

namespace bdreader {

/** @return a push constant */
inline ncnn::vk_constant_type constant(int value) {
    ncnn::vk_constant_type item;
    item.i = value;
    return item;
}

inline ncnn::vk_specialization_type specialization(int value) {
    ncnn::vk_specialization_type item;
    item.i = value;
    return item;
}

inline ncnn::vk_specialization_type specialization(float value) {
    ncnn::vk_specialization_type item;
    item.f = value;
    return item;
}

/** How many invocations a dispatch has; only the sides are read. */
inline ncnn::VkMat invocations(int width, int height, int depth = 1) {
    ncnn::VkMat dispatcher;
    dispatcher.w = width;
    dispatcher.h = height;
    dispatcher.c = depth;
    return dispatcher;
}

}  // namespace bdreader
