{
  "target_defaults": {
    "defines": [
      "NAPI_VERSION=9", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL",
      # A thread that is being terminated can neither run JavaScript nor be told so; that must not end the process.
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
    ],
    "cflags!": ["-fno-exceptions"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
    "cflags_cc": [
      "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wunused-parameter", "-Wconversion", "-Wshadow", "-Werror", "-fvisibility=hidden",
      # Headers of others are not held to this project's warnings.
      "-isystem<!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")"
    ]
  },
  "targets": [
    {
      "target_name": "allocator",
      "sources": ["addon/allocator.cc"]
    },
    {
      "target_name": "stdout_guard",
      "sources": ["addon/stdout_guard.cc"]
    },
    {
      "target_name": "bdreader_ncnn",
      "sources": [
        "addon/addon.cc",
        "addon/blob_statistics.cc",
        "addon/convolution_params.cc",
        "addon/cpu_runner.cc",
        "addon/crossing.cc",
        "addon/device_memory.cc",
        "addon/direct_avx2.cc",
        "addon/direct_avx512.cc",
        "addon/direct_kernels.cc",
        "addon/direct_rows.cc",
        "addon/direct_shape.cc",
        "addon/engine.cc",
        "addon/exit_guard.cc",
        "addon/failure.cc",
        "addon/fragment_order.cc",
        "addon/fused_convolution.cc",
        "addon/fused_graph.cc",
        "addon/fused_layer.cc",
        "addon/fused_shape.cc",
        "addon/fused_weights.cc",
        "addon/global_pools.cc",
        "addon/gpu_instance.cc",
        "addon/graph_text.cc",
        "addon/js_error.cc",
        "addon/js_options.cc",
        "addon/layer_support.cc",
        "addon/network.cc",
        "addon/observe_arguments.cc",
        "addon/own_convolution.cc",
        "addon/own_layers_net.cc",
        "addon/page_work.cc",
        "addon/pinned_array.cc",
        "addon/pinned_outputs.cc",
        "addon/pipeline_cache_file.cc",
        "addon/replaced_layer.cc",
        "addon/shader_cache_file.cc",
        "addon/shader_compiler.cc",
        "addon/stderr_filter.cc",
        "addon/tensor_check.cc",
        "addon/tiling.cc",
        "addon/upscaler_arguments.cc",
        "addon/upscaler_wrap.cc",
        "addon/vulkan_crossing.cc",
        "addon/vulkan_entry.cc",
        "addon/vulkan_runner.cc",
        "addon/winograd_blocks.cc",
        "addon/winograd_weights.cc"
      ],
      "cflags_cc": ["-O3", "-fopenmp", "-isystem<!(node addon/gyp-flags.mjs ncnn include_dirs)"],
      "ldflags": ["-fopenmp"],
      "libraries": ["<!@(node addon/gyp-flags.mjs ncnn libraries)"]
    }
  ],
  "variables": {"has_libwebp": "<!(node addon/gyp-flags.mjs libwebp is_there)"},
  "conditions": [
    ["has_libwebp=='yes'", {
      "targets": [
        {
          # Apart from the engine, so that a machine without libwebp lacks this file only.
          "target_name": "webp_encoder",
          "sources": [
            "addon/failure.cc",
            "addon/js_error.cc",
            "addon/js_options.cc",
            "addon/webp_encoder.cc",
            "addon/webp_encoding.cc",
            "addon/webp_import.cc",
            "addon/webp_job.cc"
          ],
          "cflags_cc": ["-O3"],
          "include_dirs": ["<!@(node addon/gyp-flags.mjs libwebp include_dirs)"],
          "libraries": ["<!@(node addon/gyp-flags.mjs libwebp libraries)"]
        }
      ]
    }]
  ]
}
