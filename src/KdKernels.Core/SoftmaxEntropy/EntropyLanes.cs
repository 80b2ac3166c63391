namespace KdKernels.Core;

/// <summary>
/// Many rows at once, one in each lane: for logits whose class dimension is strided while neighbouring rows lie side by
/// side ([N, C, H, W]). Pixels are taken in tiles; nothing is transposed.
/// </summary>
internal sealed unsafe class EntropyLanes<TVector, TElement>(EntropyProblem problem)
    : EntropyWork<TVector, TElement>(
        problem,
        problem.Logits.Outer * TilesOf(problem.Logits),
        PixelsPerTile(problem.Logits.Length) * problem.Logits.Length)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // After so many classes the lanes' sums go to double.
    private const int BlockSize = 256;

    // A vector's worth of kept values per class must stay a moderate buffer.
    private const long MostClasses = 1 << 20;

    private readonly long tilesPerOuter = TilesOf(problem.Logits);

    public static bool Fits(EntropyProblem problem) =>
        problem.Logits.Inner > 1
        && problem.Logits.Length is > 1 and <= MostClasses
        && problem.Logits.ElementStride != 1
        && HasAdjacentRows(problem.Logits);

    protected override double Execute(long first, long end)
    {
        int most = PixelsPerTile(Classes), classes = (int)Classes;
        var buffers = new Buffers(classes, most);
        double sum = 0;
        for (long unit = first; unit < end; unit++)
        {
            (long outer, long tile) = Math.DivRem(unit, tilesPerOuter);
            long inner = tile * most, row = (outer * Logits.Inner) + inner;
            int pixels = (int)Math.Min(most, Logits.Inner - inner);
            EntropyTiles<TVector, TElement>.Copy(
                At(Logits, outer, inner), Logits.ElementStride, classes, pixels, buffers.Logits, buffers.Lanes.Origin);
            for (int pixel = 0; pixel < pixels; pixel++)
                Memory.Put(buffers.Upstream + pixel, WantsGradient ? UpstreamOf(row + pixel) : 0);
            for (int at = 0; at < pixels; at += TVector.Width) Sum(at, buffers);
            if (WantsGradient) WriteGradient(outer, inner, pixels, buffers);
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                double entropy = Memory.Get(buffers.Entropies + pixel);
                Emit(row + pixel, entropy);
                sum += entropy;
            }
        }

        return sum;
    }

    /// <summary>The sums of a group of pixels and what follows from them.</summary>
    private void Sum(int at, in Buffers buffers)
    {
        TElement* origin = buffers.Lanes.Origin + at;
        TElement* logits = buffers.Logits + (at * Classes);
        TElement* kept = WantsGradient ? buffers.Kept + (at * Classes) : null;
        EntropySums<TVector> sums;
        if (Classes <= BlockSize)
            EntropyKernels<TVector, TElement>.Accumulate<On>(Walk(logits, (int)Classes), origin, kept, out sums);
        else
            SumInDouble(logits, origin, kept, buffers, out sums);
        EntropyTiles<TVector, TElement>.Finish(
            sums, InverseTemperature, buffers.Upstream + at, buffers.Entropies + at, buffers.Lanes.Mean + at,
            buffers.Lanes.Factor + at);
    }

    private void SumInDouble(
        TElement* logits, TElement* origin, TElement* kept, in Buffers buffers, out EntropySums<TVector> sums)
    {
        var totals = new Span<double>(buffers.Totals, 3 * TVector.Width);
        totals.Clear();
        TElement* lanes = buffers.Spare;
        for (int first = 0; first < Classes; first += BlockSize)
        {
            long offset = (long)first * TVector.Width;
            EntropyKernels<TVector, TElement>.Accumulate<On>(
                Walk(logits + offset, (int)Math.Min(BlockSize, Classes - first)),
                origin,
                kept is null ? null : kept + offset,
                out sums);
            TVector.Store(lanes, sums.Mass);
            TVector.Store(lanes + TVector.Width, sums.Rest);
            TVector.Store(lanes + (2 * TVector.Width), sums.Log);
            for (int i = 0; i < totals.Length; i++) totals[i] += Memory.Get(lanes + i);
        }

        for (int i = 0; i < totals.Length; i++) Memory.Put(lanes + i, totals[i]);
        sums.Mass = TVector.Load(lanes);
        sums.Rest = TVector.Load(lanes + TVector.Width);
        sums.Log = TVector.Load(lanes + (2 * TVector.Width));
    }

    private void WriteGradient(long outer, long inner, int pixels, in Buffers buffers)
    {
        bool direct = HasAdjacentRows(Gradients);
        TElement* target = direct ? At(Gradients, outer, inner) : buffers.Gradient;
        long stride = direct ? Gradients.ElementStride : pixels;
        EntropyTiles<TVector, TElement>.Gradient(
            buffers.Logits, buffers.Kept, buffers.Lanes, Scale, target, stride, (int)Classes, pixels);
        if (direct) return;
        long row = (outer * Logits.Inner) + inner;
        for (long c = 0; c < Classes; c++)
        {
            for (int pixel = 0; pixel < pixels; pixel++)
                Memory.Write(Gradients, row + pixel, c, Memory.Get(target + (c * pixels) + pixel));
        }
    }

    private EntropyWalk<TElement> Walk(TElement* logits, int classes) => new()
    {
        Logits = logits,
        Stride = TVector.Width,
        Steps = classes,
        FullSteps = classes,
        Scale = Scale,
    };

    private static TElement* At(in RowsView view, long outer, long inner) =>
        (TElement*)view.Data + (outer * view.OuterStride) + inner;

    /// <summary>A fixed cut of the rows, the same for every vector width: long runs of few planes.</summary>
    private static int PixelsPerTile(long classes) => classes <= 64 ? 256 : 64;

    private static long TilesOf(RowsView logits)
    {
        int pixels = PixelsPerTile(logits.Length);
        return (logits.Inner + pixels - 1) / pixels;
    }

    private static bool HasAdjacentRows(RowsView view) => view.InnerStride == 1 && Memory.IsStoredAs<TElement>(view);

    /// <summary>This thread's memory for a tile: what every class of a pixel has, and what a pixel has.</summary>
    private readonly struct Buffers
    {
        public Buffers(int classes, int pixels)
        {
            long tile = (long)classes * pixels;
            long bytes = (3 * TVector.Width * sizeof(double))
                + (((3 * tile) + (5 * pixels) + (3 * TVector.Width)) * sizeof(TElement));
            Logits = (TElement*)Scratch.Get(ScratchUse.Kernel, bytes);
            Kept = Logits + tile;
            Gradient = Kept + tile;
            TElement* ofPixels = Gradient + tile;
            Lanes = new EntropyGradient<TElement>(ofPixels, ofPixels + pixels, ofPixels + (2 * pixels));
            Upstream = ofPixels + (3 * pixels);
            Entropies = Upstream + pixels;
            Spare = Entropies + pixels;
            Totals = (double*)(Spare + (3 * TVector.Width));
        }

        /// <summary>[groups, classes, lanes].</summary>
        public TElement* Logits { get; }

        /// <summary>The same.</summary>
        public TElement* Kept { get; }

        /// <summary>[classes, pixels], where the gradient cannot be written in place.</summary>
        public TElement* Gradient { get; }

        /// <summary>One value per pixel each, and of the upstream gradient and the entropy.</summary>
        public EntropyGradient<TElement> Lanes { get; }

        public TElement* Upstream { get; }

        public TElement* Entropies { get; }

        public TElement* Spare { get; }

        public double* Totals { get; }
    }
}
