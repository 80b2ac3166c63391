// What every source file shares: conversion between handles and torch's smart pointers, and the error boundary.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/GeneratorImpl.h>
#include <c10/util/intrusive_ptr.h>
#include <kdtorch.h>
#include <torch/version.h>

#include <exception>
#include <memory>
#include <string>

namespace kd {

// For what changed between releases: KD_TORCH >= 201 means 2.1 or later.
#define KD_TORCH (TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR)

void count_handle(int64_t change);

using TensorPointer = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;
using GeneratorPointer = c10::intrusive_ptr<c10::GeneratorImpl>;

inline at::Tensor borrow(kd_tensor handle) {
    if (handle == nullptr) return at::Tensor();
    return at::Tensor(TensorPointer::reclaim_copy(static_cast<at::TensorImpl*>(handle)));
}

inline kd_tensor give(at::Tensor tensor) {
    if (!tensor.defined()) return nullptr;
    count_handle(1);
    return tensor.unsafeReleaseTensorImpl();
}

inline at::Generator borrow_generator(kd_generator handle) {
    return at::Generator(GeneratorPointer::reclaim_copy(static_cast<c10::GeneratorImpl*>(handle)));
}

inline kd_generator give(at::Generator generator) {
    count_handle(1);
    return generator.unsafeReleaseGeneratorImpl();
}

inline c10::Device decode_device(int64_t code) {
    const auto index = static_cast<int>(code & 0xff);
    return c10::Device(static_cast<c10::DeviceType>(code >> 8),
                       static_cast<c10::DeviceIndex>(index == 0xff ? -1 : index));
}

// A managed object that an error refers to; handed back to managed code when nobody can ask for it any more.
class ErrorObject {
public:
    explicit ErrorObject(void* handle) : handle_(handle) {}
    ErrorObject(const ErrorObject&) = delete;
    ErrorObject& operator=(const ErrorObject&) = delete;
    ~ErrorObject();
    void* handle() const { return handle_; }

private:
    void* handle_;
};

// What a managed callback reported. Keeps its type on the way through the autograd engine, from thread to thread.
class ManagedError : public std::runtime_error {
public:
    ManagedError(const std::string& message, std::shared_ptr<ErrorObject> object)
        : std::runtime_error(message), object_(std::move(object)) {}
    const std::shared_ptr<ErrorObject>& object() const { return object_; }

private:
    std::shared_ptr<ErrorObject> object_;
};

// Records the exception that is being handled as this thread's last error.
void record_current_exception() noexcept;

// Runs the body; an exception becomes this thread's last error and the given result.
template <class Result, class Body>
Result guarded(Result on_error, Body&& body) noexcept {
    try {
        return body();
    } catch (...) {
        record_current_exception();
        return on_error;
    }
}

template <class Body>
int guarded(Body&& body) noexcept {
    try {
        body();
        return 0;
    } catch (...) {
        record_current_exception();
        return -1;
    }
}

}  // namespace kd
