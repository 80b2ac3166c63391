using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    private (int D, int A, int B) FloatOperands(PtxType type)
    {
        operands.Expect(3);
        kind = type == F64 ? InstructionClass.Fp64 : InstructionClass.Fp32;
        return (operands.Write(0, type).Offset, operands.Read(1, type).Offset, operands.Read(2, type).Offset);
    }

    private Operation FloatAddOrSubtract(bool add)
    {
        Rounding rounding = modifiers.TakeRounding() ?? Rounding.Nearest;
        bool flush = modifiers.Take("ftz");
        bool saturate = modifiers.Take("sat");
        PtxType type = modifiers.TakeType(F32, F64, F16, F16x2, BF16, BF16x2);
        if (type is not (F32 or F64))
            return HalfArithmetic(add ? HalfFunction.Add : HalfFunction.Subtract, type, rounding, flush, saturate);
        (int d, int a, int b) = FloatOperands(type);
        if (type == F64)
        {
            RejectOnDouble(flush, saturate);
            return rounding switch
            {
                Rounding.Nearest => add
                    ? new VectorBinary<double, Add<double>>(d, a, b)
                    : new VectorBinary<double, Subtract<double>>(d, a, b),
                Rounding.Zero => DirectedDouble<TowardZero>(add, d, a, b),
                Rounding.Down => DirectedDouble<Downward>(add, d, a, b),
                _ => DirectedDouble<Upward>(add, d, a, b),
            };
        }

        Operation operation = flush ? SingleSum<FlushSubnormals>(add, rounding, d, a, b)
            : SingleSum<KeepSubnormals>(add, rounding, d, a, b);
        return Saturate(operation, saturate, d);
    }

    private static Operation DirectedDouble<TRounding>(bool add, int d, int a, int b)
        where TRounding : struct, IRounding => add
        ? new Binary<double, DirectedAddDouble<TRounding>>(d, a, b)
        : new Binary<double, Negated<DirectedAddDouble<TRounding>>>(d, a, b);

    private static Operation SingleSum<TFlush>(bool add, Rounding rounding, int d, int a, int b)
        where TFlush : struct, IFlush => (add, rounding) switch
        {
            (true, Rounding.Nearest) => new VectorBinary<float, AddSingle<TFlush>>(d, a, b),
            (true, Rounding.Zero) => new Binary<float, DirectedAdd<TowardZero, TFlush>>(d, a, b),
            (true, Rounding.Down) => new Binary<float, DirectedAdd<Downward, TFlush>>(d, a, b),
            (true, _) => new Binary<float, DirectedAdd<Upward, TFlush>>(d, a, b),
            (false, Rounding.Nearest) => new VectorBinary<float, SubtractSingle<TFlush>>(d, a, b),
            (false, Rounding.Zero) => new Binary<float, DirectedSubtract<TowardZero, TFlush>>(d, a, b),
            (false, Rounding.Down) => new Binary<float, DirectedSubtract<Downward, TFlush>>(d, a, b),
            _ => new Binary<float, DirectedSubtract<Upward, TFlush>>(d, a, b),
        };

    private Operation FloatMultiply()
    {
        Rounding rounding = modifiers.TakeRounding() ?? Rounding.Nearest;
        bool flush = modifiers.Take("ftz");
        bool saturate = modifiers.Take("sat");
        PtxType type = modifiers.TakeType(F32, F64, F16, F16x2, BF16, BF16x2);
        if (type is not (F32 or F64))
            return HalfArithmetic(HalfFunction.Multiply, type, rounding, flush, saturate);
        (int d, int a, int b) = FloatOperands(type);
        if (type == F64)
        {
            RejectOnDouble(flush, saturate);
            return rounding switch
            {
                Rounding.Nearest => new VectorBinary<double, MultiplyLow<double>>(d, a, b),
                Rounding.Zero => new Binary<double, DirectedMultiplyDouble<TowardZero>>(d, a, b),
                Rounding.Down => new Binary<double, DirectedMultiplyDouble<Downward>>(d, a, b),
                _ => new Binary<double, DirectedMultiplyDouble<Upward>>(d, a, b),
            };
        }

        Operation operation = flush ? SingleProduct<FlushSubnormals>(rounding, d, a, b)
            : SingleProduct<KeepSubnormals>(rounding, d, a, b);
        return Saturate(operation, saturate, d);
    }

    private static Operation SingleProduct<TFlush>(Rounding rounding, int d, int a, int b)
        where TFlush : struct, IFlush => rounding switch
        {
            Rounding.Nearest => new VectorBinary<float, MultiplySingle<TFlush>>(d, a, b),
            Rounding.Zero => new Binary<float, DirectedMultiply<TowardZero, TFlush>>(d, a, b),
            Rounding.Down => new Binary<float, DirectedMultiply<Downward, TFlush>>(d, a, b),
            _ => new Binary<float, DirectedMultiply<Upward, TFlush>>(d, a, b),
        };

    /// <summary>fma, and mad on floats, which is fma on all targets since sm_20.</summary>
    private Operation Fused()
    {
        Rounding rounding = modifiers.TakeRounding() ?? throw Error("expected a rounding for fma");
        bool flush = modifiers.Take("ftz");
        bool saturate = modifiers.Take("sat");
        bool relu = !saturate && modifiers.Take("relu");
        PtxType type = modifiers.TakeType(F32, F64, F16, F16x2, BF16, BF16x2);
        operands.Expect(4);
        if (type is not (F32 or F64))
            return HalfFused(type, rounding, flush, saturate, relu);
        if (relu)
            throw Error("expected .relu with 16-bit types only");
        kind = type == F64 ? InstructionClass.Fp64 : InstructionClass.Fp32;
        int d = operands.Write(0, type).Offset;
        int a = operands.Read(1, type).Offset;
        int b = operands.Read(2, type).Offset;
        int c = operands.Read(3, type).Offset;
        if (type == F64)
        {
            RejectOnDouble(flush, saturate);
            return rounding == Rounding.Nearest
                ? new Ternary<double, FusedDouble>(d, a, b, c)
                : throw Error("expected fma.rn with .f64: the emulator has no other rounding there");
        }

        Operation operation = flush ? SingleFused<FlushSubnormals>(rounding, d, a, b, c)
            : SingleFused<KeepSubnormals>(rounding, d, a, b, c);
        return Saturate(operation, saturate, d);
    }

    private static Operation SingleFused<TFlush>(Rounding rounding, int d, int a, int b, int c)
        where TFlush : struct, IFlush => rounding switch
        {
            Rounding.Nearest => new VectorTernary<float, FusedSingle<TFlush>>(d, a, b, c),
            Rounding.Zero => new Ternary<float, DirectedFused<TowardZero, TFlush>>(d, a, b, c),
            Rounding.Down => new Ternary<float, DirectedFused<Downward, TFlush>>(d, a, b, c),
            _ => new Ternary<float, DirectedFused<Upward, TFlush>>(d, a, b, c),
        };

    private Operation Division()
    {
        if (!modifiers.PeekType().IsFloat())
            return IntegerBinary(IntegerDivision);
        string? approximate = modifiers.TakeAny("approx", "full");
        Rounding? rounding = approximate is null ? modifiers.TakeRounding() : null;
        if (approximate is null && rounding is null)
            throw Error("expected .approx, .full or a rounding");
        bool flush = modifiers.Take("ftz");
        PtxType type = modifiers.TakeType(F32, F64);
        (int d, int a, int b) = FloatOperands(type);
        if (type == F64)
        {
            RejectOnDouble(flush, approximate is not null);
            return rounding == Rounding.Nearest
                ? new Binary<double, DivideDouble>(d, a, b)
                : throw Error("expected div.rn with .f64: the emulator has no other rounding there");
        }

        kind = InstructionClass.Mufu;
        if (approximate is not null)
            return new ApproximateDivision(d, a, b, flush, approximate == "full");
        return flush
            ? SingleQuotient<FlushSubnormals>(rounding!.Value, d, a, b)
            : SingleQuotient<KeepSubnormals>(rounding!.Value, d, a, b);
    }

    private static Operation SingleQuotient<TFlush>(Rounding rounding, int d, int a, int b)
        where TFlush : struct, IFlush => rounding switch
        {
            Rounding.Nearest => new Binary<float, DivideSingle<TFlush>>(d, a, b),
            Rounding.Zero => new Binary<float, DirectedDivide<TowardZero, TFlush>>(d, a, b),
            Rounding.Down => new Binary<float, DirectedDivide<Downward, TFlush>>(d, a, b),
            _ => new Binary<float, DirectedDivide<Upward, TFlush>>(d, a, b),
        };

    private static void RejectOnDouble(bool flush, bool saturate)
    {
        if (flush || saturate)
            throw Error("expected .f64 without .ftz, .sat or .approx");
    }

    private static Operation Saturate(Operation operation, bool saturate, int d) =>
        saturate ? new Sequence(operation, new Unary<float, float, SaturateSingle>(d, d)) : operation;
}
