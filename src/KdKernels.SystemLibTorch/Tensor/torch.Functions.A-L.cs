namespace TorchSharp;

/// <content>The function forms of what tensors have as methods.</content>
public static partial class torch
{
    public static Tensor abs(Tensor input) => input.abs();
    public static Tensor abs_(Tensor input) => input.abs_();
    public static Tensor absolute(Tensor input) => input.absolute();
    public static Tensor acos(Tensor input) => input.acos();
    public static Tensor acos_(Tensor input) => input.acos_();
    public static Tensor add(Tensor left, Scalar right) => left.add(right);
    public static Tensor add(Tensor left, Scalar right, Scalar alpha) => left.add(right, alpha);
    public static Tensor add(Tensor left, Tensor right) => left.add(right);
    public static Tensor add(Tensor left, Tensor right, Scalar alpha) => left.add(right, alpha);
    public static Tensor add_(Tensor left, Scalar right) => left.add_(right);
    public static Tensor add_(Tensor left, Scalar right, Scalar alpha) => left.add_(right, alpha);
    public static Tensor add_(Tensor left, Tensor right) => left.add_(right);
    public static Tensor add_(Tensor left, Tensor right, Scalar alpha) => left.add_(right, alpha);
    public static Tensor addcdiv(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) =>
        input.addcdiv(tensor1, tensor2, value);
    public static Tensor addcdiv_(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) =>
        input.addcdiv_(tensor1, tensor2, value);
    public static Tensor addcmul(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) =>
        input.addcmul(tensor1, tensor2, value);
    public static Tensor addcmul_(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) =>
        input.addcmul_(tensor1, tensor2, value);
    public static Tensor addmm(Tensor input, Tensor mat1, Tensor mat2, float beta, float alpha) =>
        input.addmm(mat1, mat2, beta, alpha);
    public static Tensor addmm_(Tensor input, Tensor mat1, Tensor mat2, float beta, float alpha) =>
        input.addmm_(mat1, mat2, beta, alpha);
    public static Tensor all(Tensor input) => input.all();
    public static Tensor all(Tensor input, long dim, bool keepdim = false) => input.all(dim, keepdim);
    public static bool allclose(
        Tensor tensor, Tensor target, double rtol = 1E-05, double atol = 1E-08, bool equal_nan = false) =>
        tensor.allclose(target, rtol, atol, equal_nan);
    public static Tensor amax(Tensor input, ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) =>
        input.amax(dims, keepdim, @out);
    public static Tensor amax(Tensor input, long[] dims) => input.amax(dims);
    public static Tensor amax(Tensor input, long[] dims, bool keepdim = false, Tensor? @out = null) =>
        input.amax(dims, keepdim, @out);
    public static Tensor amin(Tensor input, ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) =>
        input.amin(dims, keepdim, @out);
    public static Tensor amin(Tensor input, long[] dims, bool keepdim = false, Tensor? @out = null) =>
        input.amin(dims, keepdim, @out);
    public static Tensor any(Tensor input) => input.any();
    public static Tensor any(Tensor input, long dim, bool keepdim = false) => input.any(dim, keepdim);
    public static Tensor argmax(Tensor input) => input.argmax();
    public static Tensor argmax(Tensor input, long dim, bool keepdim = false) => input.argmax(dim, keepdim);
    public static Tensor argmin(Tensor input) => input.argmin();
    public static Tensor argmin(Tensor input, long dim, bool keepdim = false) => input.argmin(dim, keepdim);
    public static Tensor argsort(Tensor input, long dim = -1, bool descending = false) =>
        input.argsort(dim, descending);
    public static Tensor asin(Tensor input) => input.asin();
    public static Tensor asin_(Tensor input) => input.asin_();
    public static Tensor atan(Tensor input) => input.atan();
    public static Tensor atan2(Tensor input, Tensor other) => input.atan2(other);
    public static Tensor atan_(Tensor input) => input.atan_();
    public static Tensor baddbmm(Tensor input, Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) =>
        input.baddbmm(batch1, batch2, beta, alpha);
    public static Tensor bernoulli(Tensor input, Generator? generator = null) => input.bernoulli(generator);
    public static Tensor bincount(Tensor input, Tensor? weights = null, long minlength = 0) =>
        input.bincount(weights, minlength);
    public static Tensor bitwise_and(Tensor left, Tensor right) => left.bitwise_and(right);
    public static Tensor bitwise_not(Tensor input) => input.bitwise_not();
    public static Tensor bitwise_or(Tensor left, Tensor right) => left.bitwise_or(right);
    public static Tensor bitwise_xor(Tensor left, Tensor right) => left.bitwise_xor(right);
    public static Tensor bmm(Tensor input, Tensor batch2) => input.bmm(batch2);
    public static Tensor broadcast_to(Tensor input, params long[] shape) => input.broadcast_to(shape);
    public static Tensor ceil(Tensor input) => input.ceil();
    public static Tensor ceil_(Tensor input) => input.ceil_();
    public static Tensor[] chunk(Tensor input, long chunks, long dim = 0) => input.chunk(chunks, dim);
    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);
    public static Tensor clamp(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp(min, max);
    public static Tensor clamp_(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp_(min, max);
    public static Tensor clamp_(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp_(min, max);
    public static Tensor clamp_max(Tensor input, Scalar max) => input.clamp_max(max);
    public static Tensor clamp_max_(Tensor input, Scalar max) => input.clamp_max_(max);
    public static Tensor clamp_min(Tensor input, Scalar min) => input.clamp_min(min);
    public static Tensor clamp_min_(Tensor input, Scalar min) => input.clamp_min_(min);
    public static Tensor clip(Tensor input, Scalar? min = null, Scalar? max = null) => input.clip(min, max);
    public static Tensor clone(Tensor input) => input.clone();
    public static Tensor cos(Tensor input) => input.cos();
    public static Tensor cos_(Tensor input) => input.cos_();
    public static Tensor cosh(Tensor input) => input.cosh();
    public static Tensor cosh_(Tensor input) => input.cosh_();
    public static Tensor count_nonzero(Tensor input, long[]? dims = null) => input.count_nonzero(dims);
    public static Tensor cumprod(Tensor input, long dim, ScalarType? dtype = null) => input.cumprod(dim, dtype);
    public static Tensor cumsum(Tensor input, long dim, ScalarType? type = null) => input.cumsum(dim, type);
    public static Tensor diag(Tensor input, long diagonal = 0) => input.diag(diagonal);
    public static Tensor diag_embed(Tensor input, long offset = 0, long dim1 = -2, long dim2 = -1) =>
        input.diag_embed(offset, dim1, dim2);
    public static Tensor diagonal(Tensor input, long offset = 0, long dim1 = 0, long dim2 = 1) =>
        input.diagonal(offset, dim1, dim2);
    public static Tensor div(Tensor left, Scalar right, RoundingMode rounding_mode = RoundingMode.None) =>
        left.div(right, rounding_mode);
    public static Tensor div(Tensor left, Tensor right, RoundingMode rounding_mode = RoundingMode.None) =>
        left.div(right, rounding_mode);
    public static Tensor div_(Tensor left, Scalar right, RoundingMode rounding_mode = RoundingMode.None) =>
        left.div_(right, rounding_mode);
    public static Tensor div_(Tensor left, Tensor right, RoundingMode rounding_mode = RoundingMode.None) =>
        left.div_(right, rounding_mode);
    public static Tensor dot(Tensor input, Tensor other) => input.dot(other);
    public static Tensor eq(Tensor left, Tensor right) => left.eq(right);
    public static Tensor equal(Tensor tensor, Tensor target) => tensor.equal(target);
    public static Tensor erf(Tensor input) => input.erf();
    public static Tensor erf_(Tensor input) => input.erf_();
    public static Tensor exp(Tensor input) => input.exp();
    public static Tensor exp2(Tensor input) => input.exp2();
    public static Tensor exp2_(Tensor input) => input.exp2_();
    public static Tensor exp_(Tensor input) => input.exp_();
    public static Tensor expm1(Tensor input) => input.expm1();
    public static Tensor expm1_(Tensor input) => input.expm1_();
    public static Tensor flatten(Tensor input, long start_dim = 0, long end_dim = -1) =>
        input.flatten(start_dim, end_dim);
    public static Tensor flip(Tensor input, params long[] dims) => input.flip(dims);
    public static Tensor floor(Tensor input) => input.floor();
    public static Tensor floor_(Tensor input) => input.floor_();
    public static Tensor floor_divide(Tensor input, Tensor other) => input.floor_divide(other);
    public static Tensor fmod(Tensor left, Scalar right) => left.fmod(right);
    public static Tensor fmod(Tensor left, Tensor right) => left.fmod(right);
    public static Tensor gather(Tensor input, long dim, Tensor index) => input.gather(dim, index);
    public static Tensor ge(Tensor left, Tensor right) => left.ge(right);
    public static Tensor greater(Tensor tensor, Tensor target) => tensor.greater(target);
    public static Tensor greater_equal(Tensor tensor, Tensor target) => tensor.greater_equal(target);
    public static Tensor gt(Tensor left, Tensor right) => left.gt(right);
    public static Tensor index_add(Tensor input, long dim, Tensor index, Tensor source, Scalar alpha) =>
        input.index_add(dim, index, source, alpha);
    public static Tensor index_add_(Tensor input, long dim, Tensor index, Tensor source, Scalar alpha) =>
        input.index_add_(dim, index, source, alpha);
    public static Tensor index_copy(Tensor input, long dim, Tensor index, Tensor source) =>
        input.index_copy(dim, index, source);
    public static Tensor index_copy_(Tensor input, long dim, Tensor index, Tensor source) =>
        input.index_copy_(dim, index, source);
    public static Tensor index_fill(Tensor input, long dim, Tensor index, Scalar value) =>
        input.index_fill(dim, index, value);
    public static Tensor index_fill_(Tensor input, long dim, Tensor index, Scalar value) =>
        input.index_fill_(dim, index, value);
    public static Tensor index_select(Tensor input, long dim, Tensor index) => input.index_select(dim, index);
    public static bool is_complex(Tensor input) => input.is_complex();
    public static bool is_nonzero(Tensor input) => input.is_nonzero();
    public static Tensor isclose(
        Tensor tensor, Tensor other, double rtol = 1E-05, double atol = 1E-08, bool nanEqual = false) =>
        tensor.isclose(other, rtol, atol, nanEqual);
    public static Tensor isfinite(Tensor tensor) => tensor.isfinite();
    public static Tensor isinf(Tensor tensor) => tensor.isinf();
    public static Tensor isnan(Tensor input) => input.isnan();
    public static Tensor le(Tensor left, Tensor right) => left.le(right);
    public static Tensor lerp(Tensor input, Tensor end, Tensor weight) => input.lerp(end, weight);
    public static Tensor less(Tensor tensor, Tensor target) => tensor.less(target);
    public static Tensor less_equal(Tensor tensor, Tensor target) => tensor.less_equal(target);
    public static Tensor log(Tensor input) => input.log();
    public static Tensor log10(Tensor input) => input.log10();
    public static Tensor log10_(Tensor input) => input.log10_();
    public static Tensor log1p(Tensor input) => input.log1p();
    public static Tensor log1p_(Tensor input) => input.log1p_();
    public static Tensor log2(Tensor input) => input.log2();
    public static Tensor log2_(Tensor input) => input.log2_();
    public static Tensor log_(Tensor input) => input.log_();
    public static Tensor logical_and(Tensor left, Tensor right) => left.logical_and(right);
    public static Tensor logical_not(Tensor input) => input.logical_not();
    public static Tensor logical_or(Tensor left, Tensor right) => left.logical_or(right);
    public static Tensor logical_xor(Tensor left, Tensor right) => left.logical_xor(right);
    public static Tensor logsumexp(Tensor input, long dim, bool keepdim = false) => input.logsumexp(dim, keepdim);
    public static Tensor lt(Tensor left, Tensor right) => left.lt(right);
}
