namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor eq(Tensor target) => Aten.eq.Call(this, target);
        public Tensor eq(Scalar target) => Aten.eq_scalar.Call(this, target);
        public Tensor eq_(Tensor target) => Aten.eq_.CallInPlace(this, target);
        public Tensor eq_(Scalar target) => Aten.eq__scalar.CallInPlace(this, target);

        public Tensor ne(Tensor target) => Aten.ne.Call(this, target);
        public Tensor ne(Scalar target) => Aten.ne_scalar.Call(this, target);
        public Tensor ne_(Tensor target) => Aten.ne_.CallInPlace(this, target);
        public Tensor ne_(Scalar target) => Aten.ne__scalar.CallInPlace(this, target);

        public Tensor lt(Tensor target) => Aten.lt.Call(this, target);
        public Tensor lt(Scalar target) => Aten.lt_scalar.Call(this, target);
        public Tensor lt_(Tensor target) => Aten.lt_.CallInPlace(this, target);
        public Tensor lt_(Scalar target) => Aten.lt__scalar.CallInPlace(this, target);

        public Tensor le(Tensor target) => Aten.le.Call(this, target);
        public Tensor le(Scalar target) => Aten.le_scalar.Call(this, target);
        public Tensor le_(Tensor target) => Aten.le_.CallInPlace(this, target);
        public Tensor le_(Scalar target) => Aten.le__scalar.CallInPlace(this, target);

        public Tensor gt(Tensor target) => Aten.gt.Call(this, target);
        public Tensor gt(Scalar target) => Aten.gt_scalar.Call(this, target);
        public Tensor gt_(Tensor target) => Aten.gt_.CallInPlace(this, target);
        public Tensor gt_(Scalar target) => Aten.gt__scalar.CallInPlace(this, target);

        public Tensor ge(Tensor target) => Aten.ge.Call(this, target);
        public Tensor ge(Scalar target) => Aten.ge_scalar.Call(this, target);
        public Tensor ge_(Tensor target) => Aten.ge_.CallInPlace(this, target);
        public Tensor ge_(Scalar target) => Aten.ge__scalar.CallInPlace(this, target);

        public Tensor equal(Tensor target) => eq(target);
        public Tensor not_equal(Tensor target) => ne(target);
        public Tensor less(Tensor target) => lt(target);
        public Tensor less_equal(Tensor target) => le(target);
        public Tensor greater(Tensor target) => gt(target);
        public Tensor greater_equal(Tensor target) => ge(target);

        public Tensor logical_and(Tensor other) => Aten.logical_and.Call(this, other);
        public Tensor bitwise_and(Tensor other) => Aten.bitwise_and.Call(this, other);
        public Tensor logical_or(Tensor other) => Aten.logical_or.Call(this, other);
        public Tensor bitwise_or(Tensor other) => Aten.bitwise_or.Call(this, other);
        public Tensor logical_xor(Tensor other) => Aten.logical_xor.Call(this, other);
        public Tensor bitwise_xor(Tensor other) => Aten.bitwise_xor.Call(this, other);
        public Tensor bitwise_not() => Aten.bitwise_not.Call(this);

        public Tensor isclose(Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) =>
            Aten.isclose.Call(this, other, rtol, atol, nanEqual);

        /// <summary>Whether every element is within <c>atol + rtol · |target|</c>.</summary>
        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) =>
            Aten.allclose.CallBool(this, target, rtol, atol, equal_nan);

        /// <summary>
        /// Whether both have the same shape and elements; one truth value, unlike <see cref="eq(Tensor)"/>.
        /// </summary>
        public bool Equals(Tensor? target) => target is not null && Aten.equal.CallBool(this, target);

        /// <summary>This where the condition holds, <paramref name="y"/> elsewhere.</summary>
        public Tensor where(Tensor condition, Tensor y) => Aten.where_self.Call(condition, this, y);
    }
}
