using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>The kernel of PixelEntropy that reads σ once: the sums, and map and gradient from the same read.</summary>
public static class PixelKernels
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>½ ln 2πe.</summary>
    private const double OfUnitNoise = 1.4189385332046727;

    private const double Ln2 = 0.6931471805599453;

    /// <summary>Tiles of some steps of all images' units, which lie one after the other.</summary>
    public static void Sum<T, TElement, TAccess>(PixelEntropyArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TAccess : struct, IPixelAccess<T>
    {
        var ticket = SharedMemory.Allocate<int>(32);
        var ints = SharedMemory.Allocate<int>(4 * 8);
        var floats = SharedMemory.Allocate<float>(2 * 8);
        var doubles = SharedMemory.Allocate<double>(8 * 8);
        float factor = FactorOf(a);
        for (int tile = Grid.IdxX; tile < a.Tiles; tile += Grid.DimX)
        {
            var sums = PixelSums.Empty;
            for (int i = 0; i < a.TileSteps; i++)
                Step<T, TElement, TAccess>(a, ((long)tile * a.TileSteps) + i, factor, ref sums);
            if (tile == a.Tiles - 1) Rest<T, TElement, TAccess>(a, factor, ref sums);
            if (a.Columns > 0) Write(a, tile, sums, ints, floats);
        }

        if (a.Columns == 0) return;
        if (!LastBlock.IsThis(a.Counters, ticket)) return;
        LastBlock.Sum(a.Partials, a.Tiles, a.Columns, Threads, doubles);
        double all = doubles[0];
        double meanLog = a.Columns > 1 ? doubles[1] / doubles[2] : 0.0;
        if (Group.IdxX == 0)
        {
            a.Counters[0] = 0;
            if (a.Entropy.Length > 0) a.Entropy[0] = (float)((all + (a.Sigma.Length * OfUnitNoise)) / a.Divisor);
            if (a.Columns > 1) a.BackgroundMean[0] = (float)(meanLog + OfUnitNoise);
            if (a.Columns > 1 & a.CountsInPlace == 0) a.Partials[0] = meanLog;
        }

        if (a.CountsInPlace != 0) PixelCounts.InPlace<T, TElement>(a, meanLog);
    }

    /// <summary>What 1/σ is multiplied by where the upstream gradient is one value or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float FactorOf<T>(in PixelEntropyArguments<T> a)
        where T : unmanaged
    {
        float upstream = 1f;
        if (a.Upstream.Length == 1) upstream = a.Upstream[0];
        return Ptx.Multiply(upstream, a.InverseDivisor);
    }

    /// <summary>The four slots of a step: all loads first, then everything that is made of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T, TElement, TAccess>(in PixelEntropyArguments<T> a, long step, float factor, ref PixelSums sums)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TAccess : struct, IPixelAccess<T>
    {
        TAccess access = default;
        long units = a.Sigma.Length;
        if (units < access.PerSlot & access.Rest(units) > 0) return;
        PixelSlot s0 = default;
        PixelSlot s1 = default;
        PixelSlot s2 = default;
        PixelSlot s3 = default;
        bool has0 = access.Has(step, 0, units);
        bool has1 = access.Has(step, 1, units);
        bool has2 = access.Has(step, 2, units);
        bool has3 = access.Has(step, 3, units);
        s0.Sigma = access.LoadSigma(a, step, 0);
        s1.Sigma = access.LoadSigma(a, step, 1);
        s2.Sigma = access.LoadSigma(a, step, 2);
        s3.Sigma = access.LoadSigma(a, step, 3);
        if (a.Foreground.Length > 0)
        {
            access.LoadMasks(a, step, 0, ref s0);
            access.LoadMasks(a, step, 1, ref s1);
            access.LoadMasks(a, step, 2, ref s2);
            access.LoadMasks(a, step, 3, ref s3);
        }
        if (a.Columns > 0)
        {
            var before = sums;
            if (a.Foreground.Length > 0)
            {
                AddBoth add;
                add.Sums = sums;
                if (has0) Add<T, TAccess>(s0, ref add);
                if (has1) Add<T, TAccess>(s1, ref add);
                if (has2) Add<T, TAccess>(s2, ref add);
                if (has3) Add<T, TAccess>(s3, ref add);
                sums = add.Sums;
            }
            else
            {
                AddAll add;
                add.Sums = sums;
                if (has0) default(TAccess).Each(s0, ref add);
                if (has1) default(TAccess).Each(s1, ref add);
                if (has2) default(TAccess).Each(s2, ref add);
                if (has3) default(TAccess).Each(s3, ref add);
                sums = add.Sums;
            }
            if (sums.NeedsCare)
            {
                TakeAny take;
                take.Sums = before;
                if (has0) Take<T, TAccess>(s0, ref take);
                if (has1) Take<T, TAccess>(s1, ref take);
                if (has2) Take<T, TAccess>(s2, ref take);
                if (has3) Take<T, TAccess>(s3, ref take);
                sums = take.Sums;
            }
            sums.Fold();
        }
        if (has0) Store<T, TAccess>(a, step, 0, s0, factor);
        if (has1) Store<T, TAccess>(a, step, 1, s1, factor);
        if (has2) Store<T, TAccess>(a, step, 2, s2, factor);
        if (has3) Store<T, TAccess>(a, step, 3, s3, factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<T, TAccess>(in PixelSlot slot, ref AddBoth add)
        where T : unmanaged
        where TAccess : struct, IPixelAccess<T>
    {
        add.Sums.LowMask = slot.LowMask;
        add.Sums.HighMask = slot.HighMask;
        default(TAccess).Each(slot, ref add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<T, TAccess>(in PixelSlot slot, ref TakeAny take)
        where T : unmanaged
        where TAccess : struct, IPixelAccess<T>
    {
        take.Sums.LowMask = slot.LowMask;
        take.Sums.HighMask = slot.HighMask;
        default(TAccess).Each(slot, ref take);
    }

    /// <summary>Map and gradient of a slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T, TAccess>(in PixelEntropyArguments<T> a, long step, int index, in PixelSlot slot, float factor)
        where T : unmanaged
        where TAccess : struct, IPixelAccess<T>
    {
        TAccess access = default;
        if (a.Map.Length > 0)
        {
            EntropyOfUnits map = default;
            access.Each(slot, ref map);
            access.StoreMap(a, step, index, map.Values);
        }
        if (a.Gradient.Length > 0)
        {
            GradientOfUnits gradient = default;
            gradient.Factor = factor;
            gradient.HasUpstream = a.Upstream.Length > 1;
            if (gradient.HasUpstream) gradient.Upstream = access.LoadUpstream(a, step, index);
            access.Each(slot, ref gradient);
            access.StoreGradient(a, step, index, gradient.Values);
        }
    }

    /// <summary>The units behind the last whole vector, a thread each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rest<T, TElement, TAccess>(in PixelEntropyArguments<T> a, float factor, ref PixelSums sums)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TAccess : struct, IPixelAccess<T>
    {
        int rest = default(TAccess).Rest(a.Sigma.Length);
        if (Group.IdxX >= rest) return;
        TElement element = default;
        element.BeginPhase(0, 0);
        long at = a.Sigma.Length - rest + Group.IdxX;
        float sigma = element.Load(ref a.Sigma[at]);
        uint mask = 1u;
        if (a.Foreground.Length > 0) mask = a.Foreground[at];
        sums.Take(sigma, mask == 0u);
        if (a.Map.Length > 0) a.Map[at] = Logarithm.Of(sigma) + (float)OfUnitNoise;
        if (a.Gradient.Length > 0)
        {
            float numerator = factor;
            if (a.Upstream.Length > 1) numerator = a.Upstream[at] * factor;
            element.Store(ref a.Gradient[at], Ptx.Divide(numerator, sigma));
        }
    }

    /// <summary>A tile's sums, to the partial sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T>(
        in PixelEntropyArguments<T> a, int tile, in PixelSums sums, ArrayView<int> ints, ArrayView<float> floats)
        where T : unmanaged
    {
        int warp = Group.IdxX >> 5;
        float logs = WarpReduce.Sum(sums.Logs, 16);
        float backgroundLogs = WarpReduce.Sum(sums.BackgroundLogs, 16);
        int exponents = WarpReduce.Sum(sums.Exponents);
        int backgroundExponents = WarpReduce.Sum(sums.BackgroundExponents);
        int count = WarpReduce.Sum(sums.BackgroundCount);
        Group.Barrier();
        if ((Group.IdxX & 31) == 0)
        {
            floats[warp] = logs;
            floats[8 + warp] = backgroundLogs;
            ints[warp] = exponents;
            ints[8 + warp] = backgroundExponents;
            ints[16 + warp] = count;
        }
        Group.Barrier();
        if (Group.IdxX != 0) return;
        double all = 0;
        double background = 0;
        double backgroundCount = 0;
        for (int i = 0; i < 8; i++)
        {
            all += floats[i] + (ints[i] * Ln2);
            background += floats[8 + i] + (ints[8 + i] * Ln2);
            backgroundCount += ints[16 + i];
        }
        long at = (long)tile * a.Columns;
        a.Partials[at] = all;
        if (a.Columns == 1) return;
        a.Partials[at + 1] = background;
        a.Partials[at + 2] = backgroundCount;
        a.Partials[at + 3] = 0;
    }

    private struct EntropyOfUnits : IPairVisitor
    {
        public EightFloats Values;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Visit(float first, float second, int index) => Values.Set(index, Logarithm.Of(first) + (float)OfUnitNoise);
    }

    private struct GradientOfUnits : IPairVisitor
    {
        public EightFloats Values;
        public EightFloats Upstream;
        public float Factor;
        public bool HasUpstream;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Visit(float first, float second, int index) =>
            Values.Set(index, Ptx.Divide(HasUpstream ? Upstream.At(index) * Factor : Factor, first));
    }
}
