// The C ABI from a program that knows nothing of torch: calls, errors, custom functions, generators, leaks.
#include <kdtorch.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

int failures = 0;

#define CHECK(condition)                                                                                          \
    do {                                                                                                          \
        if (!(condition)) {                                                                                       \
            std::fprintf(stderr, "%s:%d: %s; last error: %s\n", __FILE__, __LINE__, #condition, kd_last_error()); \
            failures++;                                                                                           \
        }                                                                                                         \
    } while (false)

kd_value tensor_arg(kd_tensor tensor) {
    kd_value value{};
    value.tag = KD_TENSOR;
    value.p = tensor;
    return value;
}

kd_value int_arg(int64_t i) {
    kd_value value{};
    value.tag = KD_INT;
    value.i = i;
    return value;
}

kd_value double_arg(double d) {
    kd_value value{};
    value.tag = KD_DOUBLE;
    value.d = d;
    return value;
}

kd_value list_arg(int32_t tag, const void* items, int32_t length) {
    kd_value value{};
    value.tag = tag;
    value.length = length;
    value.p = items;
    return value;
}

kd_op* op(const char* name, const char* overload = "") {
    kd_op* found = kd_op_find(name, overload);
    CHECK(found != nullptr);
    if (found == nullptr) std::exit(1);
    return found;
}

kd_tensor call(kd_op* which, std::vector<kd_value> args) {
    kd_value result{};
    CHECK(kd_call(which, args.data(), static_cast<int32_t>(args.size()), &result, 1) == 1);
    CHECK(result.tag == KD_TENSOR);
    return const_cast<void*>(result.p);
}

kd_tensor floats(std::vector<float> values) {
    const int64_t size = static_cast<int64_t>(values.size());
    auto* copy = new std::vector<float>(std::move(values));
    kd_tensor tensor = kd_from_memory(
        copy->data(), &size, nullptr, 1, 6, 0xff,
        [](void* context) { delete static_cast<std::vector<float>*>(context); }, copy);
    CHECK(tensor != nullptr);
    return tensor;
}

const float* read(kd_tensor tensor, int64_t expected) {
    kd_tensor_info info{};
    CHECK(kd_info(tensor, &info) == 0);
    CHECK(info.numel == expected);
    return static_cast<const float*>(info.data);
}

void calls() {
    kd_tensor a = floats({1, 2, 3}), b = floats({10, 20, 30});
    kd_tensor sum = call(op("aten::add", "Tensor"), {tensor_arg(a), tensor_arg(b)});
    CHECK(read(sum, 3)[2] == 33);
    // An int where the schema says Scalar, the last argument left to its default.
    kd_tensor scaled = call(op("aten::mul", "Scalar"), {tensor_arg(a), int_arg(2)});
    CHECK(read(scaled, 3)[1] == 4);
    // One int for int[1]?, a bool default, a dtype that is None.
    kd_tensor total = call(op("aten::sum", "dim_IntList"), {tensor_arg(a), int_arg(0)});
    CHECK(read(total, 1)[0] == 6);
    kd_value results[2];
    kd_value args[] = {tensor_arg(a), int_arg(0)};
    CHECK(kd_call(op("aten::max", "dim"), args, 2, results, 2) == 2);
    CHECK(read(const_cast<void*>(results[0].p), 1)[0] == 3);
    for (const kd_value& result : results) kd_release(const_cast<void*>(result.p));
    kd_tensor parts[] = {a, b};
    kd_tensor joined = call(op("aten::cat"), {list_arg(KD_TENSOR_LIST, parts, 2), int_arg(0)});
    CHECK(read(joined, 6)[3] == 10);
    kd_value split_args[] = {tensor_arg(joined), int_arg(2), int_arg(0)};
    kd_value pieces;
    CHECK(kd_call(op("aten::split", "Tensor"), split_args, 3, &pieces, 1) == 1);
    CHECK(pieces.tag == KD_TENSOR_LIST && pieces.length == 3);
    for (int32_t i = 0; i < pieces.length; i++) kd_release(static_cast<const kd_tensor*>(pieces.p)[i]);
    for (kd_tensor t : {a, b, sum, scaled, total, joined}) kd_release(t);
}

void errors() {
    kd_tensor a = floats({1, 2, 3}), b = floats({1, 2});
    kd_value args[] = {tensor_arg(a), tensor_arg(b)};
    kd_value result;
    CHECK(kd_call(op("aten::add", "Tensor"), args, 2, &result, 1) == -1);
    CHECK(std::strstr(kd_last_error(), "must match the size of tensor b") != nullptr);
    CHECK(kd_op_find("aten::no_such_operator", "") == nullptr);
    CHECK(std::strstr(kd_last_error(), "no_such_operator") != nullptr);
    kd_value wrong[] = {tensor_arg(a), list_arg(KD_STRING, "x", 1)};
    CHECK(kd_call(op("aten::mul", "Scalar"), wrong, 2, &result, 1) == -1);
    CHECK(std::strstr(kd_last_error(), "'other' expected Scalar but got a string") != nullptr);
    CHECK(kd_call(op("aten::add", "Tensor"), args, 1, &result, 1) == -1);
    CHECK(std::strstr(kd_last_error(), "'other' is missing") != nullptr);
    kd_release(a);
    kd_release(b);
}

// y = 3 x, with x saved; the state is a counter.
struct State {
    int forwards = 0;
    int backwards = 0;
    bool fail = false;
};

int dropped = 0;

void forward(void* opaque, kd_frame* frame) {
    auto* state = static_cast<State*>(opaque);
    state->forwards++;
    kd_tensor made = floats({3, 6});
    CHECK(kd_frame_save(frame, &made, 1) == 0);
    CHECK(kd_frame_set_outputs(frame, &made, 1) == 0);
    kd_release(made);
}

void backward(void* opaque, kd_frame* frame) {
    auto* state = static_cast<State*>(opaque);
    state->backwards++;
    if (state->fail) {
        kd_frame_fail(frame, "meant to fail", nullptr);
        return;
    }
    CHECK(kd_frame_input_count(frame) == 1);
    CHECK(kd_frame_saved_count(frame) == 1);
    kd_tensor saved = nullptr;
    CHECK(kd_frame_saved(frame, &saved, 1) == 0);
    CHECK(read(saved, 2)[1] == 6);
    kd_tensor gradient = kd_frame_input(frame, 0);
    kd_tensor scaled = call(op("aten::mul", "Scalar"), {tensor_arg(gradient), double_arg(3.0)});
    CHECK(kd_frame_set_outputs(frame, &scaled, 1) == 0);
    for (kd_tensor t : {saved, gradient, scaled}) kd_release(t);
}

void drop(void* opaque) {
    delete static_cast<State*>(opaque);
    dropped++;
}

void functions() {
    const kd_function_table table{forward, backward, drop};
    kd_function_register(&table);
    for (bool fail : {false, true}) {
        dropped = 0;
        kd_tensor x = floats({1, 2});
        CHECK(kd_set_requires_grad(x, 1) == 0);
        auto* state = new State();
        state->fail = fail;
        const kd_tensor* outputs = nullptr;
        int32_t count = 0;
        CHECK(kd_function_apply(state, &x, 1, &outputs, &count) == 0);
        CHECK(count == 1 && dropped == 0);
        kd_tensor y = outputs[0];
        kd_tensor total = call(op("aten::sum"), {tensor_arg(y)});
        const int status = kd_backward(&total, 1, nullptr, 0, 0, 0, nullptr, 0);
        CHECK(status == (fail ? -1 : 0));
        if (fail) {
            CHECK(std::strcmp(kd_last_error(), "meant to fail") == 0);
        } else {
            kd_tensor gradient = nullptr;
            CHECK(kd_get_grad(x, &gradient) == 0);
            CHECK(read(gradient, 2)[0] == 3);
            kd_release(gradient);
        }
        for (kd_tensor t : {x, y, total}) kd_release(t);
        CHECK(dropped == 1);
    }
}

void generators() {
    std::vector<float> first;
    for (int round = 0; round < 2; round++) {
        kd_generator generator = kd_generator_create(7, 0xff);
        CHECK(generator != nullptr);
        kd_tensor target = floats({0, 0, 0, 0});
        kd_value seven{};
        seven.tag = KD_GENERATOR;
        seven.p = generator;
        kd_tensor filled = call(op("aten::normal_"), {tensor_arg(target), double_arg(0), double_arg(1), seven});
        const float* values = read(filled, 4);
        if (round == 0)
            first.assign(values, values + 4);
        else
            CHECK(std::memcmp(first.data(), values, 4 * sizeof(float)) == 0);
        kd_release(target);
        kd_release(filled);
        kd_generator_release(generator);
    }
    CHECK(first[0] != first[1] && std::isfinite(first[0]));
}

}  // namespace

int main() {
    CHECK(kd_init() == 0);
    std::printf("libtorch %s from %s\n", kd_torch_version(), kd_torch_path());
    CHECK(std::strlen(kd_cuda_load_error()) == 0);
    const int64_t before = kd_alive_handles();
    for (int round = 0; round < 20; round++) {
        calls();
        errors();
        functions();
        generators();
    }
    CHECK(kd_alive_handles() == before);
    void* stream = &stream;
    CHECK(kd_cuda_stream(-1, &stream) == 0);
    CHECK(kd_cuda_available() != 0 || stream == nullptr);
    if (failures == 0) std::puts("all checks passed");
    return failures == 0 ? 0 : 1;
}
