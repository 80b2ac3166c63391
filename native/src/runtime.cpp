// The library as a whole: loading, versions, random numbers, threads, CUDA.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>
#include <torch/cuda.h>

#include <filesystem>
#include <mutex>
#include <vector>

#include "handles.h"

namespace {

std::string cuda_load_error;

std::string torch_file() {
    Dl_info info{};
    // Any function that libtorch_cpu itself defines.
    auto* address = reinterpret_cast<void*>(&at::show_config);
    return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

void load_cuda() {
    const std::filesystem::path beside = std::filesystem::path(torch_file()).parent_path() / "libtorch_cuda.so";
    std::error_code ignored;
    if (!std::filesystem::exists(beside, ignored)) return;
    // Nothing in this library refers to it, so the linker would not load it, and its kernels would never register.
    if (dlopen(beside.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) cuda_load_error = dlerror();
}

template <class Body>
auto locked(at::Generator& generator, Body&& body) {
    std::lock_guard<std::mutex> lock(generator.mutex());
    return body();
}

}  // namespace

int kd_init(void) {
    static std::once_flag once;
    return kd::guarded([&] { std::call_once(once, load_cuda); });
}

const char* kd_torch_version(void) {
    return TORCH_VERSION;
}

const char* kd_torch_path(void) {
    static const std::string path = torch_file();
    return path.c_str();
}

const char* kd_cuda_load_error(void) {
    return cuda_load_error.c_str();
}

const char* kd_build_info(void) {
    return kd::guarded<const char*>("", [] {
        static thread_local std::string info;
        info = at::show_config() + "\n" + at::get_parallel_info();
        return info.c_str();
    });
}

int kd_manual_seed(int64_t seed) {
    return kd::guarded([&] { at::manual_seed(static_cast<uint64_t>(seed)); });
}

kd_generator kd_generator_create(int64_t seed, int32_t device) {
    return kd::guarded<kd_generator>(nullptr, [&] {
        const c10::Device where = kd::decode_device(device);
        if (where.is_cpu()) return kd::give(at::detail::createCPUGenerator(static_cast<uint64_t>(seed)));
        // A clone of the device's default generator: making one directly would need that device's headers.
        at::Generator generator = at::globalContext().defaultGenerator(where).clone();
        generator.set_current_seed(static_cast<uint64_t>(seed));
        return kd::give(std::move(generator));
    });
}

kd_generator kd_generator_default(int32_t device) {
    return kd::guarded<kd_generator>(nullptr, [&] {
        at::Generator generator = at::globalContext().defaultGenerator(kd::decode_device(device));
        return kd::give(std::move(generator));
    });
}

void kd_generator_release(kd_generator generator) {
    if (generator == nullptr) return;
    kd::count_handle(-1);
    kd::GeneratorPointer::reclaim(static_cast<c10::GeneratorImpl*>(generator));
}

int kd_generator_set_seed(kd_generator generator, int64_t seed) {
    return kd::guarded([&] {
        at::Generator g = kd::borrow_generator(generator);
        locked(g, [&] { g.set_current_seed(static_cast<uint64_t>(seed)); });
    });
}

int kd_generator_initial_seed(kd_generator generator, int64_t* seed) {
    return kd::guarded([&] {
        at::Generator g = kd::borrow_generator(generator);
        *seed = static_cast<int64_t>(locked(g, [&] { return g.current_seed(); }));
    });
}

int kd_generator_seed(kd_generator generator, int64_t* seed) {
    return kd::guarded([&] {
        at::Generator g = kd::borrow_generator(generator);
        *seed = static_cast<int64_t>(locked(g, [&] { return g.seed(); }));
    });
}

int kd_generator_get_state(kd_generator generator, kd_tensor* state) {
    return kd::guarded([&] {
        at::Generator g = kd::borrow_generator(generator);
        *state = kd::give(locked(g, [&] { return g.get_state(); }));
    });
}

int kd_generator_set_state(kd_generator generator, kd_tensor state) {
    return kd::guarded([&] {
        at::Generator g = kd::borrow_generator(generator);
        const at::Tensor value = kd::borrow(state);
        locked(g, [&] { g.set_state(value); });
    });
}

int32_t kd_get_num_threads(void) {
    return at::get_num_threads();
}

int kd_set_num_threads(int32_t count) {
    return kd::guarded([&] { at::set_num_threads(count); });
}

int32_t kd_get_num_interop_threads(void) {
    return at::get_num_interop_threads();
}

int kd_set_num_interop_threads(int32_t count) {
    return kd::guarded([&] { at::set_num_interop_threads(count); });
}

int32_t kd_get_default_dtype(void) {
    return static_cast<int32_t>(c10::get_default_dtype_as_scalartype());
}

int kd_set_default_dtype(int32_t dtype) {
    return kd::guarded([&] { c10::set_default_dtype(c10::scalarTypeToTypeMeta(static_cast<c10::ScalarType>(dtype))); });
}

int32_t kd_cuda_available(void) {
    return kd::guarded<int32_t>(0, [] { return torch::cuda::is_available() ? 1 : 0; });
}

int32_t kd_cuda_count(void) {
    return kd::guarded<int32_t>(0, [] { return static_cast<int32_t>(torch::cuda::device_count()); });
}

int kd_cuda_synchronize(int32_t device_index) {
    return kd::guarded([&] { torch::cuda::synchronize(device_index); });
}

int kd_cuda_stream(int32_t device_index, void** stream) {
    return kd::guarded([&] {
        *stream = nullptr;
        if (!torch::cuda::is_available()) return;
        const auto* guard = c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA);
        const c10::Device given(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device_index));
        const c10::Device device = device_index < 0 ? guard->getDevice() : given;
        const c10::Stream current = guard->getStream(device);
        // c10::cuda::CUDAStream::stream() const. The object is a c10::Stream and nothing else, and this library is
        // built without CUDA's headers, so the symbol is looked up, once, where libtorch_cuda brought it.
        using ToNative = void* (*)(const c10::Stream*);
        static const ToNative convert = [] {
            void* library = dlopen("libc10_cuda.so", RTLD_NOW | RTLD_NOLOAD);
            const auto found = reinterpret_cast<ToNative>(
                dlsym(library != nullptr ? library : RTLD_DEFAULT, "_ZNK3c104cuda10CUDAStream6streamEv"));
            if (library != nullptr) dlclose(library);
            return found;
        }();
        TORCH_CHECK(convert != nullptr, "libc10_cuda.so has no c10::cuda::CUDAStream::stream()");
        *stream = convert(&current);
    });
}

namespace {

// Streams that were current before each push of this thread.
thread_local std::vector<c10::Stream> streams_before;

}  // namespace

int kd_cuda_push_stream(int32_t device_index) {
    return kd::guarded([&] {
        TORCH_CHECK(torch::cuda::is_available(), "a stream needs a CUDA device, and there is none");
        const auto* guard = c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA);
        const c10::Device given(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device_index));
        const c10::Device device = device_index < 0 ? guard->getDevice() : given;
        streams_before.push_back(guard->exchangeStream(guard->getStreamFromGlobalPool(device)));
    });
}

int kd_cuda_pop_stream(void) {
    return kd::guarded([&] {
        TORCH_CHECK(!streams_before.empty(), "kd_cuda_pop_stream without kd_cuda_push_stream on this thread");
        c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->exchangeStream(streams_before.back());
        streams_before.pop_back();
    });
}
