#include "../failure.h"

#include <new>
#include <stdexcept>
#include <string>

#include "../layer_support.h"
#include "../tensor_check.h"
#include "check.h"

namespace bdreader::test {

namespace {

template <typename Thrown>
Failure failureOf(const Thrown& thrown) {
    try {
        throw thrown;
    } catch (...) {
        return currentFailure();
    }
}

void exceptionsBecomeFailures() {
    const Failure own = failureOf(Failure(FailureCode::kGpuLost, "gone"));
    EXPECT_EQUAL(own.code(), FailureCode::kGpuLost);
    EXPECT_EQUAL(std::string(own.what()), std::string("gone"));
    EXPECT_EQUAL(failureOf(std::bad_alloc()).code(), FailureCode::kOutOfMemory);
    const Failure other = failureOf(std::runtime_error("odd"));
    EXPECT_EQUAL(other.code(), FailureCode::kInternal);
    EXPECT_EQUAL(std::string(other.what()), std::string("odd"));
    EXPECT_EQUAL(failureOf(42).code(), FailureCode::kInternal);
}

void statusesBecomeFailures() {
    checkExtract(0, "nothing");
    checkSubmit(0, "nothing");
    EXPECT_FAILURE(FailureCode::kOutOfMemory, checkExtract(-100, "running"));
    EXPECT_FAILURE(FailureCode::kInternal, checkExtract(-1, "running"));
    EXPECT_FAILURE(FailureCode::kGpuLost, checkSubmit(-4, "submitting"));
}

void codesHaveNames() {
    EXPECT_EQUAL(std::string(codeName(FailureCode::kCancelled)), std::string("cancelled"));
    EXPECT_EQUAL(std::string(codeName(FailureCode::kOutOfMemory)), std::string("out_of_memory"));
    EXPECT_EQUAL(std::string(codeName(FailureCode::kGpuLost)), std::string("gpu_lost"));
    EXPECT_EQUAL(std::string(codeName(FailureCode::kModelInvalid)), std::string("model_invalid"));
    EXPECT_EQUAL(std::string(codeName(FailureCode::kDeviceUnavailable)), std::string("device_unavailable"));
    EXPECT_EQUAL(std::string(codeName(FailureCode::kInternal)), std::string("internal"));
}

void tensorsOfOtherShapesFail() {
    const TensorShape right{3, 20, 10, 3, 1, 4};
    checkPlanes(right, {20, 10});
    const auto expectInvalid = [](TensorShape shape) {
        EXPECT_FAILURE(FailureCode::kModelInvalid, checkPlanes(shape, {20, 10}));
    };
    TensorShape wrong = right;
    wrong.width = 21;
    expectInvalid(wrong);
    wrong = right;
    wrong.height = 9;
    expectInvalid(wrong);
    wrong = right;
    wrong.channels = 4;
    expectInvalid(wrong);
    wrong = right;
    wrong.packing = 4;
    expectInvalid(wrong);
    wrong = right;
    wrong.dims = 2;
    expectInvalid(wrong);
    EXPECT_FAILURE(FailureCode::kOutOfMemory, checkPlanes(TensorShape{}, {20, 10}));
}

void layersAreKnownByName() {
    EXPECT(isKnownLayer("Convolution"));
    EXPECT(!isKnownLayer("NoSuchLayer"));
    EXPECT(!isKnownLayer(""));
}

REGISTER_CASE("failures", "every exception becomes a failure", exceptionsBecomeFailures);
REGISTER_CASE("failures", "ncnn's statuses become failures", statusesBecomeFailures);
REGISTER_CASE("failures", "codes have the names that JavaScript knows", codesHaveNames);
REGISTER_CASE("failures", "tensors of other shapes than three planes are failures", tensorsOfOtherShapesFail);
REGISTER_CASE("failures", "layers that ncnn cannot make are told apart", layersAreKnownByName);

}  // namespace

}  // namespace bdreader::test
