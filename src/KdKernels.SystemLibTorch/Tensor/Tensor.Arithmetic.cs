namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor add(Tensor target) => Aten.add.Call(this, target);
        public Tensor add(Tensor target, Scalar alpha) => Aten.add.Call(this, target, alpha);
        public Tensor add(Scalar scalar) => Aten.add_scalar.Call(this, scalar);
        public Tensor add(Scalar scalar, Scalar alpha) => Aten.add_scalar.Call(this, scalar, alpha);
        public Tensor add_(Tensor target) => Aten.add_.CallInPlace(this, target);
        public Tensor add_(Tensor target, Scalar alpha) => Aten.add_.CallInPlace(this, target, alpha);
        public Tensor add_(Scalar scalar) => Aten.add__scalar.CallInPlace(this, scalar);
        public Tensor add_(Scalar scalar, Scalar alpha) => Aten.add__scalar.CallInPlace(this, scalar, alpha);

        public Tensor sub(Tensor target) => Aten.sub.Call(this, target);
        public Tensor sub(Scalar target) => Aten.sub_scalar.Call(this, target);
        public Tensor sub_(Tensor target) => Aten.sub_.CallInPlace(this, target);
        public Tensor sub_(Scalar target) => Aten.sub__scalar.CallInPlace(this, target);

        public Tensor mul(Tensor target) => Aten.mul.Call(this, target);
        public Tensor mul(Scalar target) => Aten.mul_scalar.Call(this, target);
        public Tensor mul_(Tensor target) => Aten.mul_.CallInPlace(this, target);
        public Tensor mul_(Scalar target) => Aten.mul__scalar.CallInPlace(this, target);

        public Tensor subtract(Tensor target) => sub(target);
        public Tensor subtract(Scalar target) => sub(target);

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            Aten.div_Tensor_mode.Call(this, target, ModeName(rounding_mode));
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            Aten.div_Scalar_mode.Call(this, target, ModeName(rounding_mode));
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            Aten.div__Tensor_mode.CallInPlace(this, target, ModeName(rounding_mode));
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            Aten.div__Scalar_mode.CallInPlace(this, target, ModeName(rounding_mode));
        public Tensor true_divide(Tensor other) => Aten.div.Call(this, other);
        public Tensor true_divide(Scalar other) => Aten.div_scalar.Call(this, other);
        public Tensor floor_divide(Tensor other) => Aten.floor_divide.Call(this, other);
        public Tensor floor_divide(Scalar other) => Aten.floor_divide_scalar.Call(this, other);
        public Tensor remainder(Tensor target) => Aten.remainder.Call(this, target);
        public Tensor remainder(Scalar scalar) => Aten.remainder_scalar.Call(this, scalar);
        public Tensor fmod(Tensor target) => Aten.fmod.Call(this, target);
        public Tensor fmod(Scalar scalar) => Aten.fmod_scalar.Call(this, scalar);

        public Tensor pow(Tensor exponent) => Aten.pow_Tensor_Tensor.Call(this, exponent);
        public Tensor pow(Scalar exponent) => Aten.pow_Tensor_Scalar.Call(this, exponent);
        public Tensor pow_(Tensor exponent) => Aten.pow_.CallInPlace(this, exponent);
        public Tensor pow_(Scalar exponent) => Aten.pow__scalar.CallInPlace(this, exponent);
        public Tensor xlogy(Tensor y) => Aten.xlogy.Call(this, y);
        public Tensor xlogy(Scalar y) => Aten.xlogy_Scalar_Other.Call(this, y);
        public Tensor atan2(Tensor other) => Aten.atan2.Call(this, other);

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Aten.addcmul.Call(this, tensor1, tensor2, value);
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Aten.addcmul_.CallInPlace(this, tensor1, tensor2, value);
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Aten.addcdiv.Call(this, tensor1, tensor2);
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Aten.addcdiv.Call(this, tensor1, tensor2, value);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => Aten.addcdiv_.CallInPlace(this, tensor1, tensor2);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Aten.addcdiv_.CallInPlace(this, tensor1, tensor2, value);

        public Tensor matmul(Tensor target) => Aten.matmul.Call(this, target);
        public Tensor mm(Tensor target) => Aten.mm.Call(this, target);
        public Tensor bmm(Tensor batch2) => Aten.bmm.Call(this, batch2);
        public Tensor mv(Tensor target) => Aten.mv.Call(this, target);
        public Tensor dot(Tensor target) => Aten.dot.Call(this, target);
        public Tensor outer(Tensor vec2) => Aten.outer.Call(this, vec2);
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Aten.addmm.Call(this, mat1, mat2, beta, alpha);
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Aten.addmm_.CallInPlace(this, mat1, mat2, beta, alpha);
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) =>
            Aten.baddbmm.Call(this, batch1, batch2, beta, alpha);
        public Tensor trace() => Aten.trace.Call(this);

        private static string? ModeName(RoundingMode mode) => mode == RoundingMode.None ? null : mode.ToString();
    }
}
