using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    private Operation FloatMinOrMax(bool min)
    {
        bool flush = modifiers.Take("ftz");
        bool keepNaN = modifiers.Take("NaN");
        PtxType type = modifiers.TakeType(F32, F64, F16, F16x2, BF16, BF16x2);
        if (type is not (F32 or F64))
        {
            Require(80, "min and max of 16-bit floats");
            if (flush && type is BF16 or BF16x2)
                throw Error("expected no .ftz with .bf16");
            operands.Expect(3);
            kind = InstructionClass.Fp32;
            return new HalfBinary(min ? HalfFunction.Minimum : HalfFunction.Maximum, type, keepNaN, flush, false,
                operands.Write(0, type).Offset, HalfOperand(1, type), HalfOperand(2, type));
        }

        (int d, int a, int b) = FloatOperands(type);
        if (type == F64)
        {
            RejectOnDouble(flush, keepNaN);
            return min ? new Binary<double, MinimumDouble>(d, a, b) : new Binary<double, MaximumDouble>(d, a, b);
        }

        if (keepNaN)
            Require(80, "min.NaN and max.NaN");
        return flush
            ? SingleExtremum<FlushSubnormals>(min, keepNaN, d, a, b)
            : SingleExtremum<KeepSubnormals>(min, keepNaN, d, a, b);
    }

    private static Operation SingleExtremum<TFlush>(bool min, bool keepNaN, int d, int a, int b)
        where TFlush : struct, IFlush => (min, keepNaN) switch
        {
            (true, false) => new VectorBinary<float, MinimumSingle<TFlush>>(d, a, b),
            (true, true) => new Binary<float, MinimumNaNSingle<TFlush>>(d, a, b),
            (false, false) => new VectorBinary<float, MaximumSingle<TFlush>>(d, a, b),
            _ => new Binary<float, MaximumNaNSingle<TFlush>>(d, a, b),
        };

    private Operation FloatAbsoluteOrNegative(bool absolute)
    {
        bool flush = modifiers.Take("ftz");
        PtxType type = modifiers.TakeType(F32, F64, F16, F16x2, BF16, BF16x2);
        operands.Expect(2);
        kind = type == F64 ? InstructionClass.Fp64 : InstructionClass.Fp32;
        int d = operands.Write(0, type).Offset;
        if (type is not (F32 or F64))
        {
            if (flush && type is BF16 or BF16x2)
                throw Error("expected no .ftz with .bf16");
            if (type is BF16 or BF16x2)
                Require(80, "bf16 arithmetic");
            return new HalfUnary(absolute ? HalfFunction.Absolute : HalfFunction.Negate, type, flush, d,
                HalfOperand(1, type));
        }

        int a = operands.Read(1, type).Offset;
        if (type == F64)
        {
            RejectOnDouble(flush, saturate: false);
            return absolute
                ? new Unary<double, double, AbsoluteDouble>(d, a)
                : new Unary<double, double, NegateDouble>(d, a);
        }

        return (absolute, flush) switch
        {
            (true, true) => new Unary<float, float, AbsoluteSingle<FlushSubnormals>>(d, a),
            (true, false) => new Unary<float, float, AbsoluteSingle<KeepSubnormals>>(d, a),
            (false, true) => new Unary<float, float, NegateSingle<FlushSubnormals>>(d, a),
            _ => new Unary<float, float, NegateSingle<KeepSubnormals>>(d, a),
        };
    }

    private Operation CopySign()
    {
        PtxType type = modifiers.TakeType(F32, F64);
        (int d, int a, int b) = FloatOperands(type);
        return type == F64 ? new Binary<double, CopySignDouble>(d, a, b) : new Binary<float, CopySignSingle>(d, a, b);
    }

    private Operation Root()
    {
        string opcode = modifiers.Opcode;
        bool approximate = modifiers.Take("approx");
        Rounding? rounding = approximate ? null : modifiers.TakeRounding();
        bool flush = modifiers.Take("ftz");
        PtxType type = modifiers.TakeType(F32, F64);
        operands.Expect(2);
        int d = operands.Write(0, type).Offset;
        int a = operands.Read(1, type).Offset;
        kind = type == F64 ? InstructionClass.Fp64 : InstructionClass.Mufu;
        if (approximate)
        {
            if (type == F64)
                throw Error("expected .f32 with .approx: the emulator has no approximate .f64");
            return new ApproximateFunction(opcode switch
            {
                "rcp" => Function.Reciprocal,
                "sqrt" => Function.SquareRoot,
                _ => Function.ReciprocalSquareRoot,
            }, d, a, flush);
        }

        if (rounding != Rounding.Nearest || opcode == "rsqrt")
            throw Error("expected .rn or .approx: the emulator has no other rounding there");
        if (type == F64)
        {
            RejectOnDouble(flush, saturate: false);
            return opcode == "rcp"
                ? new Unary<double, double, ReciprocalDouble>(d, a)
                : new Unary<double, double, SquareRootDouble>(d, a);
        }

        return (opcode, flush) switch
        {
            ("rcp", true) => new Unary<float, float, ReciprocalSingle<FlushSubnormals>>(d, a),
            ("rcp", false) => new Unary<float, float, ReciprocalSingle<KeepSubnormals>>(d, a),
            (_, true) => new Unary<float, float, SquareRootSingle<FlushSubnormals>>(d, a),
            _ => new Unary<float, float, SquareRootSingle<KeepSubnormals>>(d, a),
        };
    }

    private Operation Approximation()
    {
        string opcode = modifiers.Opcode;
        if (!modifiers.Take("approx"))
            throw Error($"expected .approx after {opcode}");
        // ptxas has no tanh.approx.ftz.f32, though the others have it.
        bool flush = opcode != "tanh" && modifiers.Take("ftz");
        modifiers.TakeType(F32);
        if (opcode == "tanh")
            Require(75, "tanh");
        operands.Expect(2);
        kind = InstructionClass.Mufu;
        return new ApproximateFunction(opcode switch
        {
            "ex2" => Function.Exp2,
            "lg2" => Function.Log2,
            "sin" => Function.Sine,
            "cos" => Function.Cosine,
            _ => Function.Tangent,
        }, operands.Write(0, F32).Offset, operands.Read(1, F32).Offset, flush);
    }

    private Operation HalfArithmetic(HalfFunction function, PtxType type, Rounding rounding, bool flush, bool saturate)
    {
        bool brain = type is BF16 or BF16x2;
        if (rounding != Rounding.Nearest)
            throw Error("expected .rn with 16-bit floats");
        if (brain && (flush || saturate))
            throw Error("expected no .ftz and no .sat with .bf16");
        Require(brain ? 90 : 53, "this arithmetic");
        operands.Expect(3);
        kind = InstructionClass.Fp32;
        return new HalfBinary(function, type, keepNaN: false, flush, saturate, operands.Write(0, type).Offset,
            HalfOperand(1, type), HalfOperand(2, type));
    }

    private Operation HalfFused(PtxType type, Rounding rounding, bool flush, bool saturate, bool relu)
    {
        bool brain = type is BF16 or BF16x2;
        if (rounding != Rounding.Nearest)
            throw Error("expected .rn with 16-bit floats");
        if (brain && (flush || saturate))
            throw Error("expected no .ftz and no .sat with .bf16");
        Require(brain || relu ? 80 : 53, "this arithmetic");
        kind = InstructionClass.Fp32;
        return new HalfTernary(type, flush, saturate, relu, operands.Write(0, type).Offset, HalfOperand(1, type),
            HalfOperand(2, type), HalfOperand(3, type));
    }

    // ptxas takes no constant where a 16-bit float or a pair of them stands.
    private int HalfOperand(int index, PtxType type) => operands[index] is NameOperand
        ? operands.Read(index, type).Offset
        : throw Error($"expected a register of type .{type.ToString().ToLowerInvariant()} but got a constant");
}
