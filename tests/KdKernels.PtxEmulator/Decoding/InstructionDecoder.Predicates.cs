using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    private sealed record Comparison(
        string Name, int D, int Complement, int A, int B, Combine Combine, int C, uint Flip);

    private Operation SetPredicate()
    {
        string comparison = modifiers.TakeAny("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu",
            "ltu", "leu", "gtu", "geu", "num", "nan") ?? throw Error("expected a comparison");
        Combine combine = modifiers.TakeAny("and", "or", "xor") switch
        {
            "and" => Combine.And,
            "or" => Combine.Or,
            "xor" => Combine.Xor,
            _ => Combine.None,
        };
        bool flush = modifiers.Take("ftz");
        PtxType type = modifiers.TakeType(B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        operands.Expect(combine == Combine.None ? 3 : 4);
        (Operand first, string? second) = operands.Pair(0);
        int d = first is NameOperand name ? operands.WritePredicate(name.Name) : throw Error("expected a predicate");
        int complement = second is null ? 0 : operands.WritePredicate(second);
        int a = operands.Read(1, type).Offset;
        int b = operands.Read(2, type).Offset;
        (int c, uint flip) = combine == Combine.None ? (0, 0) : operands.ReadPredicate(3);
        if (flush && type != F32)
            throw Error("expected .ftz with .f32 only");
        kind = type switch
        {
            F64 => InstructionClass.Fp64,
            F32 => InstructionClass.Fp32,
            _ => InstructionClass.Integer,
        };
        var what = new Comparison(comparison, d, complement, a, b, combine, c, flip);
        return type switch
        {
            F32 => flush ? CompareFlushed(what) : CompareFloats<float>(what),
            F64 => CompareFloats<double>(what),
            S16 => CompareIntegers<short>(what, signed: true),
            S32 => CompareIntegers<int>(what, signed: true),
            S64 => CompareIntegers<long>(what, signed: true),
            _ => CompareUntyped(type, what),
        };
    }

    private static Operation CompareUntyped(PtxType type, Comparison what)
    {
        if (type.IsBits() && what.Name is not ("eq" or "ne"))
            throw Error("expected .eq or .ne with an untyped comparison");
        return type.Size() switch
        {
            2 => CompareIntegers<ushort>(what, signed: false),
            4 => CompareIntegers<uint>(what, signed: false),
            _ => CompareIntegers<ulong>(what, signed: false),
        };
    }

    private static SetPredicate<T, TCompare> Create<T, TCompare>(Comparison what)
        where T : unmanaged
        where TCompare : struct, ICompare<T> =>
        new(what.D, what.Complement, what.A, what.B, what.Combine, what.C, what.Flip);

    private static Operation CompareIntegers<T>(Comparison what, bool signed)
        where T : unmanaged, System.Numerics.INumber<T> => what.Name switch
        {
            "eq" => Create<T, Equal<T>>(what),
            "ne" => Create<T, NotEqual<T>>(what),
            "lt" => Create<T, Less<T>>(what),
            "le" => Create<T, LessOrEqual<T>>(what),
            "gt" => Create<T, Greater<T>>(what),
            "ge" => Create<T, GreaterOrEqual<T>>(what),
            "lo" when !signed => Create<T, Less<T>>(what),
            "ls" when !signed => Create<T, LessOrEqual<T>>(what),
            "hi" when !signed => Create<T, Greater<T>>(what),
            "hs" when !signed => Create<T, GreaterOrEqual<T>>(what),
            _ => throw Error($"expected a comparison of integers but got .{what.Name}"),
        };

    private static Operation CompareFloats<T>(Comparison what)
        where T : unmanaged, System.Numerics.INumber<T> => what.Name switch
        {
            "eq" => Create<T, Equal<T>>(what),
            "ne" => Create<T, NotEqual<T>>(what),
            "lt" => Create<T, Less<T>>(what),
            "le" => Create<T, LessOrEqual<T>>(what),
            "gt" => Create<T, Greater<T>>(what),
            "ge" => Create<T, GreaterOrEqual<T>>(what),
            "equ" => Create<T, OrUnordered<T, Equal<T>>>(what),
            "neu" => Create<T, OrUnordered<T, NotEqual<T>>>(what),
            "ltu" => Create<T, OrUnordered<T, Less<T>>>(what),
            "leu" => Create<T, OrUnordered<T, LessOrEqual<T>>>(what),
            "gtu" => Create<T, OrUnordered<T, Greater<T>>>(what),
            "geu" => Create<T, OrUnordered<T, GreaterOrEqual<T>>>(what),
            "num" => Create<T, Ordered<T>>(what),
            "nan" => Create<T, Unordered<T>>(what),
            _ => throw Error($"expected a comparison of floats but got .{what.Name}"),
        };

    private static Operation CompareFlushed(Comparison what) => what.Name switch
    {
        "eq" => Create<float, Flushed<Equal<float>>>(what),
        "ne" => Create<float, Flushed<NotEqual<float>>>(what),
        "lt" => Create<float, Flushed<Less<float>>>(what),
        "le" => Create<float, Flushed<LessOrEqual<float>>>(what),
        "gt" => Create<float, Flushed<Greater<float>>>(what),
        "ge" => Create<float, Flushed<GreaterOrEqual<float>>>(what),
        "equ" => Create<float, Flushed<OrUnordered<float, Equal<float>>>>(what),
        "neu" => Create<float, Flushed<OrUnordered<float, NotEqual<float>>>>(what),
        "ltu" => Create<float, Flushed<OrUnordered<float, Less<float>>>>(what),
        "leu" => Create<float, Flushed<OrUnordered<float, LessOrEqual<float>>>>(what),
        "gtu" => Create<float, Flushed<OrUnordered<float, Greater<float>>>>(what),
        "geu" => Create<float, Flushed<OrUnordered<float, GreaterOrEqual<float>>>>(what),
        "num" => Create<float, Ordered<float>>(what),
        "nan" => Create<float, Unordered<float>>(what),
        _ => throw Error($"expected a comparison of floats but got .{what.Name}"),
    };

    private Operation Select()
    {
        PtxType type = modifiers.TakeType(B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        operands.Expect(4);
        int d = operands.Write(0, type).Offset;
        int a = operands.Read(1, type).Offset;
        int b = operands.Read(2, type).Offset;
        (int predicate, _) = PlainPredicate(3);
        return type.Size() == 8 ? new Select<ulong>(d, a, b, predicate) : new Select<uint>(d, a, b, predicate);
    }

    private Operation TestProperty()
    {
        string property = modifiers.TakeAny("finite", "infinite", "number", "notanumber", "normal", "subnormal")
            ?? throw Error("expected a property");
        PtxType type = modifiers.TakeType(F32, F64);
        operands.Expect(2);
        int d = operands.Write(0, Pred).Offset;
        int a = operands.Read(1, type).Offset;
        kind = type == F64 ? InstructionClass.Fp64 : InstructionClass.Fp32;
        return type == F64 ? Test<double>(property, d, a) : Test<float>(property, d, a);
    }

    private static Operation Test<T>(string property, int d, int a)
        where T : unmanaged, System.Numerics.INumber<T> => property switch
        {
            "finite" => new TestProperty<T, IsFinite<T>>(d, a),
            "infinite" => new TestProperty<T, IsInfinite<T>>(d, a),
            "number" => new TestProperty<T, IsNumber<T>>(d, a),
            "notanumber" => new TestProperty<T, IsNotANumber<T>>(d, a),
            "normal" => new TestProperty<T, IsNormal<T>>(d, a),
            _ => new TestProperty<T, IsSubnormal<T>>(d, a),
        };
}
