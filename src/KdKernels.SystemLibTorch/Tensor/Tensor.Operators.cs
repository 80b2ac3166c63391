namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor left, Tensor right) => Aten.add.Call(left, right);
        public static Tensor operator +(Tensor left, Scalar right) => Aten.add_scalar.Call(left, right);
        public static Tensor operator +(Tensor left, int right) => Aten.add_scalar.Call(left, right);
        public static Tensor operator +(Tensor left, long right) => Aten.add_scalar.Call(left, right);
        public static Tensor operator +(Tensor left, float right) => Aten.add_scalar.Call(left, right);
        public static Tensor operator +(Tensor left, double right) => Aten.add_scalar.Call(left, right);
        public static Tensor operator +(Scalar left, Tensor right) => Aten.add_scalar.Call(right, left);
        public static Tensor operator +(int left, Tensor right) => Aten.add_scalar.Call(right, left);
        public static Tensor operator +(long left, Tensor right) => Aten.add_scalar.Call(right, left);
        public static Tensor operator +(float left, Tensor right) => Aten.add_scalar.Call(right, left);
        public static Tensor operator +(double left, Tensor right) => Aten.add_scalar.Call(right, left);

        public static Tensor operator -(Tensor left, Tensor right) => Aten.sub.Call(left, right);
        public static Tensor operator -(Tensor left, Scalar right) => Aten.sub_scalar.Call(left, right);
        public static Tensor operator -(Tensor left, int right) => Aten.sub_scalar.Call(left, right);
        public static Tensor operator -(Tensor left, long right) => Aten.sub_scalar.Call(left, right);
        public static Tensor operator -(Tensor left, float right) => Aten.sub_scalar.Call(left, right);
        public static Tensor operator -(Tensor left, double right) => Aten.sub_scalar.Call(left, right);
        public static Tensor operator -(Scalar left, Tensor right) => Aten.rsub_scalar.Call(right, left);
        public static Tensor operator -(int left, Tensor right) => Aten.rsub_scalar.Call(right, left);
        public static Tensor operator -(long left, Tensor right) => Aten.rsub_scalar.Call(right, left);
        public static Tensor operator -(float left, Tensor right) => Aten.rsub_scalar.Call(right, left);
        public static Tensor operator -(double left, Tensor right) => Aten.rsub_scalar.Call(right, left);

        public static Tensor operator *(Tensor left, Tensor right) => Aten.mul.Call(left, right);
        public static Tensor operator *(Tensor left, Scalar right) => Aten.mul_scalar.Call(left, right);
        public static Tensor operator *(Tensor left, int right) => Aten.mul_scalar.Call(left, right);
        public static Tensor operator *(Tensor left, long right) => Aten.mul_scalar.Call(left, right);
        public static Tensor operator *(Tensor left, float right) => Aten.mul_scalar.Call(left, right);
        public static Tensor operator *(Tensor left, double right) => Aten.mul_scalar.Call(left, right);
        public static Tensor operator *(Scalar left, Tensor right) => Aten.mul_scalar.Call(right, left);
        public static Tensor operator *(int left, Tensor right) => Aten.mul_scalar.Call(right, left);
        public static Tensor operator *(long left, Tensor right) => Aten.mul_scalar.Call(right, left);
        public static Tensor operator *(float left, Tensor right) => Aten.mul_scalar.Call(right, left);
        public static Tensor operator *(double left, Tensor right) => Aten.mul_scalar.Call(right, left);

        public static Tensor operator /(Tensor left, Tensor right) => Aten.div.Call(left, right);
        public static Tensor operator /(Tensor left, Scalar right) => Aten.div_scalar.Call(left, right);
        public static Tensor operator /(Tensor left, int right) => Aten.div_scalar.Call(left, right);
        public static Tensor operator /(Tensor left, long right) => Aten.div_scalar.Call(left, right);
        public static Tensor operator /(Tensor left, float right) => Aten.div_scalar.Call(left, right);
        public static Tensor operator /(Tensor left, double right) => Aten.div_scalar.Call(left, right);
        public static Tensor operator /(Scalar left, Tensor right) => Quotient(left, right);
        public static Tensor operator /(int left, Tensor right) => Quotient(left, right);
        public static Tensor operator /(long left, Tensor right) => Quotient(left, right);
        public static Tensor operator /(float left, Tensor right) => Quotient(left, right);
        public static Tensor operator /(double left, Tensor right) => Quotient(left, right);

        public static Tensor operator %(Tensor left, Tensor right) => Aten.remainder.Call(left, right);
        public static Tensor operator %(Tensor left, Scalar right) => Aten.remainder_scalar.Call(left, right);
        public static Tensor operator %(Tensor left, int right) => Aten.remainder_scalar.Call(left, right);
        public static Tensor operator %(Tensor left, long right) => Aten.remainder_scalar.Call(left, right);
        public static Tensor operator %(Tensor left, float right) => Aten.remainder_scalar.Call(left, right);
        public static Tensor operator %(Tensor left, double right) => Aten.remainder_scalar.Call(left, right);

        public static Tensor operator -(Tensor tensor) => Aten.neg.Call(tensor);
        public static Tensor operator ~(Tensor left) => Aten.bitwise_not.Call(left);
        public static Tensor operator &(Tensor left, Tensor right) => Aten.bitwise_and.Call(left, right);
        public static Tensor operator |(Tensor left, Tensor right) => Aten.bitwise_or.Call(left, right);
        public static Tensor operator ^(Tensor left, Tensor right) => Aten.bitwise_xor.Call(left, right);

        public static Tensor operator ==(Tensor left, Tensor right) => Aten.eq.Call(left, right);
        public static Tensor operator ==(Tensor left, Scalar right) => Aten.eq_scalar.Call(left, right);
        public static Tensor operator ==(Scalar left, Tensor right) => Aten.eq_scalar.Call(right, left);
        public static Tensor operator !=(Tensor left, Tensor right) => Aten.ne.Call(left, right);
        public static Tensor operator !=(Tensor left, Scalar right) => Aten.ne_scalar.Call(left, right);
        public static Tensor operator !=(Scalar left, Tensor right) => Aten.ne_scalar.Call(right, left);
        public static Tensor operator <(Tensor left, Tensor right) => Aten.lt.Call(left, right);
        public static Tensor operator <(Tensor left, Scalar right) => Aten.lt_scalar.Call(left, right);
        public static Tensor operator <(Scalar left, Tensor right) => Aten.gt_scalar.Call(right, left);
        public static Tensor operator <=(Tensor left, Tensor right) => Aten.le.Call(left, right);
        public static Tensor operator <=(Tensor left, Scalar right) => Aten.le_scalar.Call(left, right);
        public static Tensor operator <=(Scalar left, Tensor right) => Aten.ge_scalar.Call(right, left);
        public static Tensor operator >(Tensor left, Tensor right) => Aten.gt.Call(left, right);
        public static Tensor operator >(Tensor left, Scalar right) => Aten.gt_scalar.Call(left, right);
        public static Tensor operator >(Scalar left, Tensor right) => Aten.lt_scalar.Call(right, left);
        public static Tensor operator >=(Tensor left, Tensor right) => Aten.ge.Call(left, right);
        public static Tensor operator >=(Tensor left, Scalar right) => Aten.ge_scalar.Call(left, right);
        public static Tensor operator >=(Scalar left, Tensor right) => Aten.le_scalar.Call(right, left);

        /// <summary>As Python's <c>1 / t</c>: the reciprocal, times the number.</summary>
        private static Tensor Quotient(Arg left, Tensor right)
        {
            using Tensor inverse = Aten.reciprocal.Call(right);
            return Aten.mul_scalar.Call(inverse, left);
        }
    }
}
