#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <vector>

#include "handles.h"

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

kd_function_table managed{};

// Owns the managed state; hangs in the graph node, and goes with it.
struct State : torch::CustomClassHolder {
    explicit State(void* handle) : handle(handle) {}
    ~State() override { managed.drop(handle); }
    void* handle;
};

constexpr const char* kState = "kd.state";

variable_list borrow_all(const kd_tensor* tensors, int32_t count) {
    variable_list list;
    list.reserve(count);
    for (int32_t i = 0; i < count; i++) list.push_back(kd::borrow(tensors[i]));
    return list;
}

}  // namespace

// One callback in progress.
struct kd_frame {
    AutogradContext* context;
    variable_list inputs;
    variable_list outputs;
    std::string error;
    std::shared_ptr<kd::ErrorObject> error_object;
    bool failed = false;

    void rethrow() const {
        if (failed) throw kd::ManagedError(error, error_object);
    }
};

namespace {

struct Managed : torch::autograd::Function<Managed> {
    // A TensorList, because a vector would count as one argument that is no variable.
    static variable_list forward(AutogradContext* context, at::TensorList inputs, int64_t state_address) {
        const auto& state = *reinterpret_cast<const c10::intrusive_ptr<State>*>(state_address);
        context->saved_data[kState] = c10::IValue::make_capsule(state);
        (void)inputs;  // managed code has them already
        kd_frame frame{context, {}, {}, {}, {}};
        managed.forward(state->handle, &frame);
        frame.rethrow();
        return std::move(frame.outputs);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        // A reference of its own: the callback may end the graph that holds the state.
        const auto holder = context->saved_data[kState].toCapsule();
        const auto* state = static_cast<const State*>(holder.get());
        kd_frame frame{context, std::move(gradients), {}, {}, {}};
        managed.backward(state->handle, &frame);
        frame.rethrow();
        frame.outputs.emplace_back();  // the address, an argument without gradient
        return std::move(frame.outputs);
    }
};

}  // namespace

kd::ErrorObject::~ErrorObject() {
    if (handle_ != nullptr) managed.drop(handle_);
}

void kd_function_register(const kd_function_table* table) {
    managed = *table;
}

int kd_function_apply(void* state, const kd_tensor* inputs, int32_t input_count, const kd_tensor** outputs,
                      int32_t* output_count) {
    return kd::guarded([&] {
        static thread_local std::vector<kd_tensor> results;
        auto holder = c10::make_intrusive<State>(state);
        const variable_list given = borrow_all(inputs, input_count);
        const variable_list made = Managed::apply(at::TensorList(given), reinterpret_cast<int64_t>(&holder));
        results.clear();
        for (const at::Tensor& tensor : made) results.push_back(kd::give(tensor));
        *outputs = results.data();
        *output_count = static_cast<int32_t>(results.size());
    });
}

int kd_frame_input_count(kd_frame* frame) {
    return static_cast<int>(frame->inputs.size());
}

kd_tensor kd_frame_input(kd_frame* frame, int32_t index) {
    return kd::give(frame->inputs[index]);
}

int kd_frame_set_outputs(kd_frame* frame, const kd_tensor* tensors, int32_t count) {
    return kd::guarded([&] { frame->outputs = borrow_all(tensors, count); });
}

int kd_frame_save(kd_frame* frame, const kd_tensor* tensors, int32_t count) {
    return kd::guarded([&] { frame->context->save_for_backward(borrow_all(tensors, count)); });
}

int kd_frame_saved_count(kd_frame* frame) {
    return kd::guarded(-1, [&] { return static_cast<int>(frame->context->get_saved_variables().size()); });
}

int kd_frame_saved(kd_frame* frame, kd_tensor* tensors, int32_t count) {
    return kd::guarded([&] {
        const variable_list saved = frame->context->get_saved_variables();
        TORCH_CHECK(static_cast<int32_t>(saved.size()) == count, "expected room for ", saved.size(),
                    " tensors but got ", count);
        for (int32_t i = 0; i < count; i++) tensors[i] = kd::give(saved[i]);
    });
}

int kd_frame_mark(kd_frame* frame, const kd_tensor* dirty, int32_t dirty_count, const kd_tensor* constant,
                  int32_t constant_count, int32_t materialize_grads) {
    return kd::guarded([&] {
        frame->context->mark_dirty(borrow_all(dirty, dirty_count));
        frame->context->mark_non_differentiable(borrow_all(constant, constant_count));
        frame->context->set_materialize_grads(materialize_grads != 0);
    });
}

void kd_frame_fail(kd_frame* frame, const char* message, void* error_object) {
    frame->failed = true;
    frame->error = message;
    if (error_object != nullptr) frame->error_object = std::make_shared<kd::ErrorObject>(error_object);
}

int kd_backward(const kd_tensor* tensors, int32_t count, const kd_tensor* grads, int32_t grad_count,
                int32_t retain_graph, int32_t create_graph, const kd_tensor* inputs, int32_t input_count) {
    return kd::guarded([&] {
        torch::autograd::backward(borrow_all(tensors, count), borrow_all(grads, grad_count), retain_graph != 0,
                                  create_graph != 0, borrow_all(inputs, input_count));
    });
}

int kd_grad(const kd_tensor* outputs, int32_t output_count, const kd_tensor* inputs, int32_t input_count,
            const kd_tensor* grad_outputs, int32_t grad_count, int32_t retain_graph, int32_t create_graph,
            int32_t allow_unused, kd_tensor* results) {
    return kd::guarded([&] {
        const variable_list gradients = torch::autograd::grad(
            borrow_all(outputs, output_count), borrow_all(inputs, input_count), borrow_all(grad_outputs, grad_count),
            retain_graph != 0, create_graph != 0, allow_unused != 0);
        for (size_t i = 0; i < gradients.size(); i++) results[i] = kd::give(gradients[i]);
    });
}

int32_t kd_grad_mode(void) {
    return c10::GradMode::is_enabled() ? 1 : 0;
}

void kd_set_grad_mode(int32_t enabled) {
    c10::GradMode::set_enabled(enabled != 0);
}

int32_t kd_inference_mode(void) {
    return c10::InferenceMode::is_enabled() ? 1 : 0;
}

void* kd_inference_begin(int32_t enabled) {
    return new c10::InferenceMode(enabled != 0);
}

void kd_inference_end(void* guard) {
    delete static_cast<c10::InferenceMode*>(guard);
}

int32_t kd_anomaly_mode(void) {
    using torch::autograd::AnomalyMode;
    return (AnomalyMode::is_enabled() ? 1 : 0) | (AnomalyMode::should_check_nan() ? 2 : 0);
}

void kd_set_anomaly_mode(int32_t enabled, int32_t check_nan) {
    torch::autograd::AnomalyMode::set_enabled(enabled != 0, check_nan != 0);
}
