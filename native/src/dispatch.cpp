// Operators by name: the schema says how each argument is to be converted, once per operator.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <memory>
#include <mutex>
#include <sstream>
#include <unordered_map>
#include <vector>

#include "handles.h"

namespace {

// c10::optional in old releases, std::optional in new ones.
using OptionalTensor = decltype(std::declval<c10::IValue&>().toOptional<at::Tensor>());

enum class Kind {
    Tensor,
    TensorList,
    OptionalTensorList,
    Int,
    IntList,
    Double,
    DoubleList,
    Bool,
    BoolList,
    Scalar,
    ScalarList,
    String,
    Device,
    Generator,
    Other,
};

struct Parameter {
    Kind kind = Kind::Other;
    bool optional = false;
    bool has_default = false;
    int32_t broadcast = 0;  // n of int[n]: one number stands for n of them
    c10::IValue default_value;
    std::string name;
    std::string type;
};

Kind scalar_kind(const c10::TypePtr& type) {
    switch (type->kind()) {
        case c10::TypeKind::TensorType: return Kind::Tensor;
        case c10::TypeKind::IntType: return Kind::Int;  // also dtype, layout, memory format and SymInt
        case c10::TypeKind::FloatType: return Kind::Double;
        case c10::TypeKind::BoolType: return Kind::Bool;
        case c10::TypeKind::NumberType: return Kind::Scalar;
        case c10::TypeKind::StringType: return Kind::String;
        case c10::TypeKind::DeviceObjType: return Kind::Device;
        case c10::TypeKind::GeneratorType: return Kind::Generator;
        default: return Kind::Other;
    }
}

Kind list_kind(const c10::TypePtr& element) {
    if (element->kind() == c10::TypeKind::OptionalType) {
        const auto& inner = element->expectRef<c10::OptionalType>().getElementType();
        return inner->kind() == c10::TypeKind::TensorType ? Kind::OptionalTensorList : Kind::Other;
    }
    switch (scalar_kind(element)) {
        case Kind::Tensor: return Kind::TensorList;
        case Kind::Int: return Kind::IntList;
        case Kind::Double: return Kind::DoubleList;
        case Kind::Bool: return Kind::BoolList;
        case Kind::Scalar: return Kind::ScalarList;
        default: return Kind::Other;
    }
}

Parameter describe(const c10::Argument& argument) {
    Parameter parameter;
    parameter.name = argument.name();
    parameter.type = argument.type()->str();
    parameter.broadcast = argument.N() ? *argument.N() : 0;
    if (argument.default_value()) {
        parameter.has_default = true;
        parameter.default_value = *argument.default_value();
    }
    c10::TypePtr type = argument.type();
    if (type->kind() == c10::TypeKind::OptionalType) {
        parameter.optional = true;
        c10::TypePtr inner = type->expectRef<c10::OptionalType>().getElementType();
        type = inner;
    }
    const bool list = type->kind() == c10::TypeKind::ListType;
    parameter.kind = list ? list_kind(type->expectRef<c10::ListType>().getElementType()) : scalar_kind(type);
    return parameter;
}

}  // namespace

struct kd_op {
    c10::OperatorHandle handle;
    std::vector<Parameter> parameters;
    std::string name;
    std::string schema;
};

namespace {

const char* tag_name(int32_t tag) {
    static const char* const names[] = {
        "None",           "a tensor",         "an int",          "a float",           "a bool",   "a string",
        "a list of ints", "a list of floats", "a list of bools", "a list of tensors", "a device", "a generator"};
    return tag >= 0 && tag <= KD_GENERATOR ? names[tag] : "an unknown value";
}

[[noreturn]] void refuse(const kd_op& op, const Parameter& parameter, const kd_value& value) {
    TORCH_CHECK(false, op.name, ": argument '", parameter.name, "' expected ", parameter.type, " but got ",
                tag_name(value.tag));
    std::abort();  // unreachable: TORCH_CHECK(false) throws
}

at::Scalar scalar_of(const kd_value& value) {
    if (value.tag == KD_DOUBLE) return at::Scalar(value.d);
    if (value.tag == KD_BOOL) return at::Scalar(value.i != 0);
    return at::Scalar(value.i);
}

bool is_number(const kd_value& value) {
    return value.tag == KD_INT || value.tag == KD_DOUBLE || value.tag == KD_BOOL;
}

template <class T>
c10::List<T> repeat(T value, int32_t count) {
    c10::List<T> list;
    list.reserve(std::max(count, 1));
    for (int32_t i = 0; i < std::max(count, 1); i++) list.push_back(value);
    return list;
}

template <class T, class Source>
c10::List<T> list_of(const kd_value& value) {
    const auto* items = static_cast<const Source*>(value.p);
    c10::List<T> list;
    list.reserve(value.length);
    for (int32_t i = 0; i < value.length; i++) list.push_back(static_cast<T>(items[i]));
    return list;
}

c10::IValue list_value(const kd_op& op, const Parameter& parameter, const kd_value& value) {
    const auto* tensors = static_cast<const kd_tensor*>(value.p);
    switch (parameter.kind) {
        case Kind::TensorList: {
            if (value.tag != KD_TENSOR_LIST) break;
            c10::List<at::Tensor> list;
            list.reserve(value.length);
            for (int32_t i = 0; i < value.length; i++) list.push_back(kd::borrow(tensors[i]));
            return list;
        }
        case Kind::OptionalTensorList: {
            if (value.tag != KD_TENSOR_LIST) break;
            c10::List<OptionalTensor> list;
            list.reserve(value.length);
            for (int32_t i = 0; i < value.length; i++)
                list.push_back(tensors[i] == nullptr ? OptionalTensor() : OptionalTensor(kd::borrow(tensors[i])));
            return list;
        }
        case Kind::IntList:
            if (value.tag == KD_INT_LIST) return list_of<int64_t, int64_t>(value);
            if (value.tag == KD_INT) return repeat<int64_t>(value.i, parameter.broadcast);
            break;
        case Kind::DoubleList:
            if (value.tag == KD_DOUBLE_LIST) return list_of<double, double>(value);
            if (value.tag == KD_INT_LIST) return list_of<double, int64_t>(value);
            if (is_number(value)) return repeat<double>(scalar_of(value).toDouble(), parameter.broadcast);
            break;
        case Kind::BoolList:
            if (value.tag == KD_BOOL_LIST) return list_of<bool, uint8_t>(value);
            if (value.tag == KD_BOOL) return repeat<bool>(value.i != 0, parameter.broadcast);
            break;
        case Kind::ScalarList: {
            c10::impl::GenericList list(c10::NumberType::get());
            if (value.tag == KD_DOUBLE_LIST) {
                for (int32_t i = 0; i < value.length; i++) list.push_back(static_cast<const double*>(value.p)[i]);
                return list;
            }
            if (value.tag == KD_INT_LIST) {
                for (int32_t i = 0; i < value.length; i++) list.push_back(static_cast<const int64_t*>(value.p)[i]);
                return list;
            }
            break;
        }
        default: break;
    }
    refuse(op, parameter, value);
}

c10::IValue to_ivalue(const kd_op& op, const Parameter& parameter, const kd_value& value) {
    if (value.tag == KD_NONE) {
        if (parameter.optional) return c10::IValue();
        if (parameter.kind == Kind::Tensor) return at::Tensor();
        refuse(op, parameter, value);
    }
    switch (parameter.kind) {
        case Kind::Tensor:
            if (value.tag == KD_TENSOR) return kd::borrow(const_cast<void*>(value.p));
            break;
        case Kind::Int:
            if (value.tag == KD_INT || value.tag == KD_BOOL) return value.i;
            break;
        case Kind::Double:
            if (is_number(value)) return scalar_of(value).toDouble();
            break;
        case Kind::Bool:
            if (value.tag == KD_BOOL) return value.i != 0;
            break;
        case Kind::Scalar:
            if (is_number(value)) return scalar_of(value);
            break;
        case Kind::String:
            if (value.tag == KD_STRING) return std::string(static_cast<const char*>(value.p), value.length);
            break;
        case Kind::Device:
            if (value.tag == KD_DEVICE) return kd::decode_device(value.i);
            break;
        case Kind::Generator:
            if (value.tag == KD_GENERATOR) return kd::borrow_generator(const_cast<void*>(value.p));
            break;
        default: return list_value(op, parameter, value);
    }
    refuse(op, parameter, value);
}

// Tensor lists that come out; the array is the caller's until this thread's next call.
thread_local std::vector<kd_tensor> listed;

kd_value from_ivalue(const kd_op& op, c10::IValue&& value) {
    kd_value result{};
    if (value.isTensor()) {
        result.tag = KD_TENSOR;
        result.p = kd::give(std::move(value).toTensor());
    } else if (value.isInt()) {
        result.tag = KD_INT;
        result.i = value.toInt();
    } else if (value.isDouble()) {
        result.tag = KD_DOUBLE;
        result.d = value.toDouble();
    } else if (value.isBool()) {
        result.tag = KD_BOOL;
        result.i = value.toBool() ? 1 : 0;
    } else if (value.isTensorList()) {
        listed.clear();
        for (const at::Tensor& tensor : value.toTensorVector()) listed.push_back(kd::give(tensor));
        result.tag = KD_TENSOR_LIST;
        result.length = static_cast<int32_t>(listed.size());
        result.p = listed.data();
    } else if (value.isNone()) {
        result.tag = KD_NONE;
    } else {
        TORCH_CHECK(false, op.name, ": a result of type ", value.tagKind(), " cannot be passed on");
    }
    return result;
}

void release_results(kd_value* results, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        if (results[i].tag == KD_TENSOR) kd_release(const_cast<void*>(results[i].p));
    }
}

int32_t call(const kd_op& op, const kd_value* args, int32_t arg_count, kd_value* results, int32_t max_results) {
    const auto parameter_count = static_cast<int32_t>(op.parameters.size());
    TORCH_CHECK(arg_count <= parameter_count, op.name, ": expected at most ", parameter_count, " arguments but got ",
                arg_count);

    // Reused across calls; taken out of its place meanwhile, because an operator may come back here.
    static thread_local torch::jit::Stack spare;
    torch::jit::Stack stack = std::move(spare);
    stack.clear();
    for (int32_t i = 0; i < arg_count; i++) stack.push_back(to_ivalue(op, op.parameters[i], args[i]));
    for (int32_t i = arg_count; i < parameter_count; i++) {
        const Parameter& parameter = op.parameters[i];
        TORCH_CHECK(parameter.has_default, op.name, ": argument '", parameter.name, "' is missing and has no default");
        stack.push_back(parameter.default_value);
    }
    op.handle.callBoxed(stack);

    const auto count = static_cast<int32_t>(stack.size());
    int32_t done = 0;
    try {
        for (; done < std::min(count, max_results); done++) results[done] = from_ivalue(op, std::move(stack[done]));
    } catch (...) {
        release_results(results, done);
        throw;
    }
    stack.clear();
    spare = std::move(stack);
    return count;
}

}  // namespace

kd_op* kd_op_find(const char* name, const char* overload) {
    return kd::guarded<kd_op*>(nullptr, [&] {
        // Never destroyed: background threads may still be calling operators while the process exits.
        static auto& mutex = *new std::mutex;
        static auto& known = *new std::unordered_map<std::string, std::unique_ptr<kd_op>>;
        const std::string key = std::string(name) + "." + overload;
        std::lock_guard<std::mutex> lock(mutex);
        auto found = known.find(key);
        if (found != known.end()) return found->second.get();

        auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
        TORCH_CHECK(handle.has_value(), "this libtorch (", TORCH_VERSION, ") has no operator ", name,
                    *overload != 0 ? "." : "", overload);
        std::vector<Parameter> parameters;
        for (const c10::Argument& argument : handle->schema().arguments()) parameters.push_back(describe(argument));
        std::ostringstream schema;
        schema << handle->schema();
        auto op = std::make_unique<kd_op>(kd_op{*handle, std::move(parameters), name, schema.str()});
        return known.emplace(key, std::move(op)).first->second.get();
    });
}

const char* kd_op_schema(kd_op* op) {
    return op->schema.c_str();
}

int kd_call(kd_op* op, const kd_value* args, int32_t arg_count, kd_value* results, int32_t max_results) {
    return kd::guarded(-1, [&] { return call(*op, args, arg_count, results, max_results); });
}
