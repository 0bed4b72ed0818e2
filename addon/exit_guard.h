#pragma once

namespace bdreader {

class Engine;

/**
 * Threads that may still run when the process exits. process.exit skips the clean-up of the environment, so
 * without this ncnn's own exit handler would take the GPU away from under them.
 *
 * At exit, engines are closed and tasks are waited for.
 */
void registerLiveEngine(Engine* engine);
void unregisterLiveEngine(Engine* engine);
void beginLiveTask();
void endLiveTask();

/** Closes engines and waits for tasks. Once more costs nothing. */
void endLiveThreads();

/** Makes the exit handler run before those registered until now. Cheap; every call but the first two does
 * nothing. */
void armExitHandler(bool afterGpuSetUp);

/** Ends the process without waiting for any thread: nothing runs that could take the GPU away from under one.
 * For a process that must not wait for a tile. */
[[noreturn]] void exitNow(int code);

}  // namespace bdreader
