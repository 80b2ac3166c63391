#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <atomic>

#include "handles.h"

namespace {

std::atomic<int64_t> alive{0};

void* data_of(const c10::Storage& storage) {
#if KD_TORCH >= 201
    // Pointers that leave here may be written through: a lazily copied storage has to be copied first.
    return storage.mutable_data_ptr().get();
#else
    return storage.data_ptr().get();
#endif
}

void fill_info(at::TensorImpl* impl, kd_tensor_info* info) {
    const at::Tensor tensor = kd::borrow(impl);
    *info = kd_tensor_info{};
    const bool strided = tensor.layout() == at::kStrided;
    info->sizes = tensor.sizes().data();
    info->strides = strided ? tensor.strides().data() : nullptr;
    info->numel = tensor.numel();
    info->ndim = static_cast<int32_t>(tensor.dim());
    info->element_size = static_cast<int32_t>(tensor.element_size());
    info->dtype = static_cast<int32_t>(tensor.scalar_type());
    info->device_type = static_cast<int32_t>(tensor.device().type());
    info->device_index = tensor.device().index();
    info->requires_grad = tensor.requires_grad();
    info->has_grad_fn = tensor.grad_fn() != nullptr;
    info->is_leaf = tensor.is_leaf();
    info->is_contiguous = strided && tensor.is_contiguous();
    if (strided && impl->has_storage()) {
        info->storage_offset = tensor.storage_offset();
        info->storage_nbytes = static_cast<int64_t>(tensor.storage().nbytes());
        info->storage_data = data_of(tensor.storage());
        if (info->storage_data != nullptr)
            info->data = static_cast<char*>(info->storage_data) + info->storage_offset * info->element_size;
    }
}

}  // namespace

void kd::count_handle(int64_t change) {
    alive.fetch_add(change, std::memory_order_relaxed);
}

int64_t kd_alive_handles(void) {
    return alive.load(std::memory_order_relaxed);
}

kd_tensor kd_retain(kd_tensor tensor) {
    return kd::give(kd::borrow(tensor));
}

void kd_release(kd_tensor tensor) {
    if (tensor == nullptr) return;
    kd::count_handle(-1);
    kd::TensorPointer::reclaim(static_cast<at::TensorImpl*>(tensor));
}

int kd_info(kd_tensor tensor, kd_tensor_info* info) {
    return kd::guarded([&] { fill_info(static_cast<at::TensorImpl*>(tensor), info); });
}

kd_tensor kd_from_memory(void* data, const int64_t* sizes, const int64_t* strides, int32_t ndim, int32_t dtype,
                         int32_t device, kd_deleter deleter, void* context) {
    return kd::guarded<kd_tensor>(nullptr, [&] {
        auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).device(kd::decode_device(device));
        at::IntArrayRef shape(sizes, ndim);
        auto release = [deleter, context](void*) {
            if (deleter != nullptr) deleter(context);
        };
        // The tensor has to be outside of autograd's view bookkeeping, like one that a factory made.
        at::AutoDispatchBelowAutograd below;
        at::Tensor tensor = strides == nullptr
                                ? at::from_blob(data, shape, release, options)
                                : at::from_blob(data, shape, at::IntArrayRef(strides, ndim), release, options);
        return kd::give(std::move(tensor));
    });
}

int kd_set_requires_grad(kd_tensor tensor, int32_t value) {
    return kd::guarded([&] {
        at::Tensor t = kd::borrow(tensor);
        TORCH_CHECK(t.is_leaf() || value != 0, "you can only change requires_grad flags of leaf variables.");
        TORCH_CHECK(value == 0 || torch::autograd::isDifferentiableType(t.scalar_type()),
                    "only Tensors of floating point and complex dtype can require gradients");
        t.set_requires_grad(value != 0);
    });
}

int kd_retain_grad(kd_tensor tensor) {
    return kd::guarded([&] { kd::borrow(tensor).retain_grad(); });
}

int kd_get_grad(kd_tensor tensor, kd_tensor* grad) {
    return kd::guarded([&] { *grad = kd::give(static_cast<at::TensorImpl*>(tensor)->grad()); });
}

int kd_set_grad(kd_tensor tensor, kd_tensor grad) {
    return kd::guarded([&] {
        at::Tensor t = kd::borrow(tensor);
        at::Tensor g = kd::borrow(grad);
        if (g.defined()) {
            TORCH_CHECK(!g.is_same(t), "can't assign Variable as its own grad");
            TORCH_CHECK(g.scalar_type() == t.scalar_type(), "assigned grad has data of a different type: expected ",
                        t.scalar_type(), " but got ", g.scalar_type());
            TORCH_CHECK(g.device() == t.device(), "assigned grad has data located on a different device: expected ",
                        t.device(), " but got ", g.device());
            TORCH_CHECK(g.sizes() == t.sizes(), "assigned grad has data of a different size: expected ", t.sizes(),
                        " but got ", g.sizes());
        }
        t.mutable_grad() = g;
    });
}

const char* kd_grad_fn_name(kd_tensor tensor) {
    return kd::guarded<const char*>("", [&] {
        static thread_local std::string name;
        const at::Tensor t = kd::borrow(tensor);
        const auto& node = t.grad_fn();
        name = node ? node->name() : std::string();
        return name.c_str();
    });
}
