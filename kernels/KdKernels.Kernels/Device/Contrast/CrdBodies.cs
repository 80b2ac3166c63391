using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>How a warp visits its rows of the bank.</summary>
public interface ICrdBody<T>
    where T : unmanaged
{
    /// <summary>The longest row, in elements.</summary>
    int MaxDimension { get; }

    /// <summary>Sixteen-byte words of shared memory that hold such a row as float32.</summary>
    int Words { get; }

    /// <summary>Where an element lies in them.</summary>
    int Position(int element);

    /// <summary>
    /// The sum of the terms of up to 128 rows, and their gradient in shared memory. All lanes return their share of the sum.
    /// </summary>
    /// <param name="a">The launch.</param>
    /// <param name="rows">The rows of the warp, as <see cref="CrdSources.Write"/> leaves them.</param>
    /// <param name="count">How many of them count; 0 and less for none.</param>
    /// <param name="anchor">The anchor as float32, zeros behind.</param>
    /// <param name="gradient">The warp's own memory.</param>
    /// <param name="offset">a = Scale s + offset.</param>
    double Visit(
        in CrdArguments<T> a, ArrayView<U4> rows, int count, ArrayView<U4> anchor, ArrayView<U4> gradient, float offset);
}

/// <summary>Rows of whole vectors: each is read once, and stays in registers between its dot product and its part of the gradient.</summary>
public readonly struct CrdVectorBody<T, TElement, TLayout, TSlots> : ICrdBody<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TLayout : struct, ICrdLayout
    where TSlots : unmanaged, ISlots<CrdVector>
{
    public int MaxDimension => default(TLayout).MaxDimension;

    public int Words => (MaxDimension >> 2) + HighGap;

    // A lane's eight elements are two words. Side by side, each would meet the banks of another lane's; the high ones lie behind the
    // low ones of all lanes, half a round of banks further, so that single elements do not meet either.
    private static int HighGap => default(TElement).PerVector == 8 ? 4 : 0;

    private static int HighStart => (default(TLayout).MaxDimension >> 3) + HighGap;

    // Lanes of a row, of the half of them, and so on: what a round of the transposition exchanges over.
    private static int Half => default(TLayout).Lanes >> 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Position(int element)
    {
        if (default(TElement).PerVector == 4) return element;
        int inWord = ((element >> 3) << 2) + (element & 3);
        return inWord + ((element & 4) * HighStart);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Visit(
        in CrdArguments<T> a, ArrayView<U4> rows, int count, ArrayView<U4> anchor, ArrayView<U4> gradient, float offset)
    {
        TElement element = default;
        int perVector = element.PerVector;
        int lane = Group.IdxX & (default(TLayout).Lanes - 1);
        // Which eight of the rows in flight are this lane's, in vectors of four.
        int part = (Group.IdxX & 31 & ~(default(TLayout).Lanes - 1)) >> 3;
        int first = lane * perVector;

        TSlots slots = default;
        CrdTakeAnchor<TLayout> take;
        take.Anchor = anchor.SubView(lane);
        take.High = perVector == 8 ? HighStart : 0;
        slots.Each(ref take, 0);

        CrdLoad<T, TElement, TLayout> load;
        int vectors = a.Dimension >> (element.PerVector == 4 ? 2 : 3);
        load.Left = vectors - lane;
        load.Bank = a.Bank.SubView(load.Left > 0 ? first : 0);
        load.Stride = (uint)a.BankStride;
        CrdDots<T, TElement> dots;
        dots.Element = element;
        dots.Element.BeginPhase(a.Zero, 1);
        CrdAddRows<T, TElement> add;
        add.Element = element;

        bool exponentials = a.Mode != 0;
        double sum = 0;
        int perGroup = 256 / default(TLayout).Lanes;
        var words = rows.Cast<uint>();
        int ownRow = (part << 2) + (lane / (default(TLayout).Lanes >> 3));
        for (int start = 0; start < count; start += perGroup)
        {
            int at = (start >> 2) + part;
            load.Low = rows[at];
            load.High = rows[at + 1];
            slots.Each(ref load, 0);
            dots.Sums = default;
            slots.Each(ref dots, 0);
            float score = Transpose(dots.Sums, lane);
            bool counts = (int)words[start + ownRow] >= 0;
            float argument = (score * a.Scale) + offset;
            if (exponentials)
            {
                sum += counts ? CrdNumbers.Exponential(argument) : 0.0;
                continue;
            }
            var term = CrdNumbers.Softplus(argument);
            sum += counts ? term.Loss : 0f;
            float weight = counts ? term.Weight : 0f;
            if (a.PartialGradients.Length == 0) continue;
            add.Weights = Weights(weight);
            // Known only now, so that no row is unpacked a second time before, which would take more registers than there are.
            add.Element.BeginPhase(a.Zero & (int)Interop.FloatAsInt(add.Weights.V7), 2);
            slots.Each(ref add, 0);
        }

        CrdLeaveGradient<TLayout> leave;
        leave.Gradient = gradient.SubView(lane);
        leave.High = perVector == 8 ? HighStart : 0;
        slots.Each(ref leave, 0);

        // Lanes that hold the same row hold the same term; the first one of them counts.
        return (lane & ((default(TLayout).Lanes >> 3) - 1)) == 0 ? sum : 0.0;
    }

    /// <summary>
    /// Sums eight values over the lanes of a row, and leaves the sum of value i in lanes Lanes/8·i and those behind: the first three
    /// rounds halve the number of values, so that they take 7 exchanges instead of 24.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Transpose(CrdEight sums, int lane)
    {
        bool high = (lane & Half) != 0;
        float s0 = Exchange(sums.V0, sums.V4, high, Half);
        float s1 = Exchange(sums.V1, sums.V5, high, Half);
        float s2 = Exchange(sums.V2, sums.V6, high, Half);
        float s3 = Exchange(sums.V3, sums.V7, high, Half);
        high = (lane & (Half >> 1)) != 0;
        s0 = Exchange(s0, s2, high, Half >> 1);
        s1 = Exchange(s1, s3, high, Half >> 1);
        high = (lane & (Half >> 2)) != 0;
        s0 = Exchange(s0, s1, high, Half >> 2);
        if (Half == 16) s0 += Warp.ShuffleXor(s0, 2);
        return s0 + Warp.ShuffleXor(s0, 1);
    }

    /// <summary>The low lanes keep the first value and give the second one away, the high lanes the other way round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Exchange(float first, float second, bool high, int distance) =>
        (high ? second : first) + Warp.ShuffleXor(high ? first : second, distance);

    /// <summary>The weights of a row's eight, from the lanes that hold them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static CrdEight Weights(float weight)
    {
        int step = default(TLayout).Lanes >> 3;
        int first = Group.IdxX & 31 & ~(default(TLayout).Lanes - 1);
        CrdEight weights;
        weights.V0 = Warp.Shuffle(weight, first);
        weights.V1 = Warp.Shuffle(weight, first + step);
        weights.V2 = Warp.Shuffle(weight, first + (2 * step));
        weights.V3 = Warp.Shuffle(weight, first + (3 * step));
        weights.V4 = Warp.Shuffle(weight, first + (4 * step));
        weights.V5 = Warp.Shuffle(weight, first + (5 * step));
        weights.V6 = Warp.Shuffle(weight, first + (6 * step));
        weights.V7 = Warp.Shuffle(weight, first + (7 * step));
        return weights;
    }
}

/// <summary>Rows of any length up to 1024 and any alignment, element by element; the gradient grows in shared memory.</summary>
public readonly struct CrdElementBody<T, TElement> : ICrdBody<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    public int MaxDimension => 1024;

    public int Words => MaxDimension >> 2;

    public int Position(int element) => element;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Visit(
        in CrdArguments<T> a, ArrayView<U4> rows, int count, ArrayView<U4> anchor, ArrayView<U4> gradient, float offset)
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        int lane = Group.IdxX & 31;
        var values = anchor.Cast<float>();
        var total = gradient.Cast<float>();
        for (int d = lane; d < a.Dimension; d += 32) total[d] = 0f;
        double sum = 0;
        var words = rows.Cast<uint>();
        for (int k = 0; k < count; k++)
        {
            long start = (words[k] & int.MaxValue) * (long)a.BankStride;
            float score = 0f;
            for (int d = lane; d < a.Dimension; d += 32) score += values[d] * element.Load(ref a.Bank[start + d]);
            float argument = (WarpReduce.Sum(score, 16) * a.Scale) + offset;
            bool counts = (int)words[k] >= 0;
            if (a.Mode != 0)
            {
                sum += counts ? CrdNumbers.Exponential(argument) : 0.0;
                continue;
            }
            var term = CrdNumbers.Softplus(argument);
            sum += counts ? term.Loss : 0f;
            if (a.PartialGradients.Length == 0) continue;
            float weight = counts ? term.Weight : 0f;
            for (int d = lane; d < a.Dimension; d += 32) total[d] += weight * element.Load(ref a.Bank[start + d]);
        }
        return lane == 0 ? sum : 0.0;
    }
}
