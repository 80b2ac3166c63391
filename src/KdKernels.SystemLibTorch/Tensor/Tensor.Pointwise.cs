namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => Aten.abs.Call(this);
        public Tensor abs_() => Aten.abs_.CallInPlace(this);
        public Tensor exp() => Aten.exp.Call(this);
        public Tensor exp_() => Aten.exp_.CallInPlace(this);
        public Tensor expm1() => Aten.expm1.Call(this);
        public Tensor expm1_() => Aten.expm1_.CallInPlace(this);
        public Tensor log() => Aten.log.Call(this);
        public Tensor log_() => Aten.log_.CallInPlace(this);
        public Tensor log1p() => Aten.log1p.Call(this);
        public Tensor log1p_() => Aten.log1p_.CallInPlace(this);
        public Tensor log2() => Aten.log2.Call(this);
        public Tensor log2_() => Aten.log2_.CallInPlace(this);
        public Tensor log10() => Aten.log10.Call(this);
        public Tensor log10_() => Aten.log10_.CallInPlace(this);
        public Tensor sqrt() => Aten.sqrt.Call(this);
        public Tensor sqrt_() => Aten.sqrt_.CallInPlace(this);
        public Tensor rsqrt() => Aten.rsqrt.Call(this);
        public Tensor rsqrt_() => Aten.rsqrt_.CallInPlace(this);
        public Tensor sin() => Aten.sin.Call(this);
        public Tensor sin_() => Aten.sin_.CallInPlace(this);
        public Tensor cos() => Aten.cos.Call(this);
        public Tensor cos_() => Aten.cos_.CallInPlace(this);
        public Tensor tan() => Aten.tan.Call(this);
        public Tensor tan_() => Aten.tan_.CallInPlace(this);
        public Tensor asin() => Aten.asin.Call(this);
        public Tensor asin_() => Aten.asin_.CallInPlace(this);
        public Tensor acos() => Aten.acos.Call(this);
        public Tensor acos_() => Aten.acos_.CallInPlace(this);
        public Tensor atan() => Aten.atan.Call(this);
        public Tensor atan_() => Aten.atan_.CallInPlace(this);
        public Tensor sinh() => Aten.sinh.Call(this);
        public Tensor sinh_() => Aten.sinh_.CallInPlace(this);
        public Tensor cosh() => Aten.cosh.Call(this);
        public Tensor cosh_() => Aten.cosh_.CallInPlace(this);
        public Tensor tanh() => Aten.tanh.Call(this);
        public Tensor tanh_() => Aten.tanh_.CallInPlace(this);
        public Tensor sigmoid() => Aten.sigmoid.Call(this);
        public Tensor sigmoid_() => Aten.sigmoid_.CallInPlace(this);
        public Tensor floor() => Aten.floor.Call(this);
        public Tensor floor_() => Aten.floor_.CallInPlace(this);
        public Tensor ceil() => Aten.ceil.Call(this);
        public Tensor ceil_() => Aten.ceil_.CallInPlace(this);
        public Tensor trunc() => Aten.trunc.Call(this);
        public Tensor trunc_() => Aten.trunc_.CallInPlace(this);
        public Tensor neg() => Aten.neg.Call(this);
        public Tensor neg_() => Aten.neg_.CallInPlace(this);
        public Tensor reciprocal() => Aten.reciprocal.Call(this);
        public Tensor reciprocal_() => Aten.reciprocal_.CallInPlace(this);
        public Tensor sign() => Aten.sign.Call(this);
        public Tensor sign_() => Aten.sign_.CallInPlace(this);
        public Tensor erf() => Aten.erf.Call(this);
        public Tensor erf_() => Aten.erf_.CallInPlace(this);
        public Tensor relu() => Aten.relu.Call(this);
        public Tensor relu_() => Aten.relu_.CallInPlace(this);
        public Tensor exp2() => Aten.exp2.Call(this);
        public Tensor exp2_() => Aten.exp2_.CallInPlace(this);
        public Tensor square() => Aten.square.Call(this);
        public Tensor absolute() => abs();
        public Tensor negative() => neg();
        public Tensor round(long decimals = 0) => Aten.round_decimals.Call(this, decimals);
        public Tensor round_(long decimals = 0) => Aten.round__decimals.CallInPlace(this, decimals);
        public Tensor log_sigmoid() => Aten.log_sigmoid.Call(this);
        public Tensor silu() => Aten.silu.Call(this);
        public Tensor silu_() => Aten.silu_.CallInPlace(this);
        public Tensor gelu() => Aten.gelu.Call(this);
        public Tensor relu6() => Aten.relu6.Call(this);
        public Tensor leaky_relu(Scalar negative_slope) => Aten.leaky_relu.Call(this, negative_slope);
        public Tensor elu(double alpha = 1) => Aten.elu.Call(this, alpha);
        public Tensor softplus(double beta = 1, double threshold = 20) => Aten.softplus.Call(this, beta, threshold);
        public Tensor isnan() => Aten.isnan.Call(this);
        public Tensor isinf() => Aten.isinf.Call(this);
        public Tensor isfinite() => Aten.isfinite.Call(this);
        public Tensor logical_not() => Aten.logical_not.Call(this);

        public Tensor lerp(Tensor end, Tensor weight) => Aten.lerp.Call(this, end, weight);
        public Tensor nan_to_num(double nan = 0, double? posinf = null, double? neginf = null) =>
            Aten.nan_to_num.Call(this, nan, posinf, neginf);
        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.clamp.Call(this, min, max);
        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Aten.clamp_Tensor.Call(this, min, max);
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Aten.clamp_.CallInPlace(this, min, max);
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => Aten.clamp__Tensor.CallInPlace(this, min, max);
        public Tensor clip(Scalar? min = null, Scalar? max = null) => clamp(min, max);
        public Tensor clamp_min(Scalar min) => Aten.clamp_min.Call(this, min);
        public Tensor clamp_max(Scalar max) => Aten.clamp_max.Call(this, max);
        public Tensor clamp_min_(Scalar min) => Aten.clamp_min_.CallInPlace(this, min);
        public Tensor clamp_max_(Scalar max) => Aten.clamp_max_.CallInPlace(this, max);
        public Tensor maximum(Tensor other) => Aten.maximum.Call(this, other);
        public Tensor minimum(Tensor other) => Aten.minimum.Call(this, other);
    }
}
