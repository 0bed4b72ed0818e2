#include <napi.h>

#include <functional>
#include <utility>

#include "direct_kernels.h"
#include "exit_guard.h"
#include "gpu_instance.h"
#include "layer_support.h"
#include "promise_task.h"
#include "upscaler_wrap.h"

namespace {

Napi::Value toJs(Napi::Env env, const bdreader::DeviceInfo& device) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("index", device.index);
    object.Set("name", device.name);
    object.Set("type", device.type);
    object.Set("driver", device.driver);
    object.Set("driverVersion", device.driverVersion);
    object.Set("uuid", device.uuid);
    object.Set("memoryMb", device.memoryMb);
    object.Set("fp16Storage", device.fp16Storage);
    object.Set("fp16Arithmetic", device.fp16Arithmetic);
    object.Set("int8Storage", device.int8Storage);
    object.Set("cooperativeMatrix", device.cooperativeMatrix);
    object.Set("fusedConvolution", device.fusedConvolution);
    object.Set("preferred", device.preferred);
    return object;
}

Napi::Value listDevices(const Napi::CallbackInfo& info) {
    using Devices = std::vector<bdreader::DeviceInfo>;
    return bdreader::PromiseTask<Devices>::start(
        info.Env(), [] { return bdreader::listDevices(); },
        [](Napi::Env env, Devices& devices) -> Napi::Value {
            Napi::Array list = Napi::Array::New(env, devices.size());
            for (uint32_t i = 0; i < devices.size(); i++) list.Set(i, toJs(env, devices[i]));
            return list;
        });
}

bool isAuto(const Napi::Value& value) {
    return value.IsString() && value.As<Napi::String>().Utf8Value() == "auto";
}

/** openDevice(device: number | "auto"): Promise<void>. */
Napi::Value openDevice(const Napi::CallbackInfo& info) {
    if (info.Length() != 1 || (!info[0].IsNumber() && !isAuto(info[0]))) {
        throw Napi::TypeError::New(info.Env(), "expected a number or 'auto' for device");
    }
    std::function<bool()> open = [] { return bdreader::openPreferredDevice() != nullptr; };
    if (info[0].IsNumber()) {
        const int index = info[0].As<Napi::Number>().Int32Value();
        open = [index] { return bdreader::openDevice(index) != nullptr; };
    }
    return bdreader::PromiseTask<bool>::start(
        info.Env(), std::move(open), [](Napi::Env env, bool&) -> Napi::Value { return env.Undefined(); });
}

/** unknownLayers(types: string[]): string[]; those that this build of ncnn cannot make. */
Napi::Value unknownLayers(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsArray()) {
        throw Napi::TypeError::New(env, "expected an array of strings for types");
    }
    const Napi::Array types = info[0].As<Napi::Array>();
    Napi::Array unknown = Napi::Array::New(env);
    for (uint32_t i = 0; i < types.Length(); i++) {
        const Napi::Value type = types.Get(i);
        if (!type.IsString()) throw Napi::TypeError::New(env, "expected an array of strings for types");
        if (!bdreader::isKnownLayer(type.As<Napi::String>().Utf8Value())) unknown.Set(unknown.Length(), type);
    }
    return unknown;
}

/** hasDirectConvolution(): boolean; whether this CPU has what the addon's convolutions need. */
Napi::Value hasDirectConvolution(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), bdreader::directKernelsOfCpu() != nullptr);
}

/** exitNow(code: number): never. */
Napi::Value exitNow(const Napi::CallbackInfo& info) {
    if (info.Length() != 1 || !info[0].IsNumber()) {
        throw Napi::TypeError::New(info.Env(), "expected a number for code");
    }
    bdreader::exitNow(info[0].As<Napi::Number>().Int32Value());
}

/**
 * Ends threads before any exit handler runs. The guard's own comes too late for a driver that is being
 * started: handlers run in reverse, and those of the libraries that the driver loads meanwhile are registered
 * after it.
 */
void endThreadsOnExit(Napi::Env env) {
    const Napi::Object process = env.Global().Get("process").As<Napi::Object>();
    const auto end = [](const Napi::CallbackInfo&) { bdreader::endLiveThreads(); };
    process.Get("on").As<Napi::Function>().Call(
        process, {Napi::String::New(env, "exit"), Napi::Function::New(env, end, "endThreads")});
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
    endThreadsOnExit(env);
    env.SetInstanceData(new Napi::FunctionReference(Napi::Persistent(bdreader::UpscalerWrap::define(env))));
    exports.Set("listDevices", Napi::Function::New(env, listDevices, "listDevices"));
    exports.Set("openDevice", Napi::Function::New(env, openDevice, "openDevice"));
    exports.Set("unknownLayers", Napi::Function::New(env, unknownLayers, "unknownLayers"));
    exports.Set("hasDirectConvolution",
                Napi::Function::New(env, hasDirectConvolution, "hasDirectConvolution"));
    exports.Set("exitNow", Napi::Function::New(env, exitNow, "exitNow"));
    exports.Set("load", Napi::Function::New(env, bdreader::UpscalerWrap::load, "load"));
    return exports;
}

}  // namespace

NODE_API_MODULE(bdreader_ncnn, init)
