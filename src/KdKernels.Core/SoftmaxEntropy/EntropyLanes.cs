namespace KdKernels.Core;

/// <summary>
/// Many rows at once, one in each lane: for logits whose class dimension is strided while neighbouring rows lie side by
/// side ([N, C, H, W]). A vector of pixels walks through the classes; nothing is transposed.
/// </summary>
internal sealed unsafe class EntropyLanes<TVector, TElement>(EntropyProblem problem)
    : EntropyWork<TVector, TElement>(
        problem, problem.Logits.Outer * TilesOf(problem.Logits), PixelsPerTile * problem.Logits.Length)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A fixed cut of the rows, the same for every vector width.
    private const long PixelsPerTile = 64;

    // After so many classes the lanes' sums go to double.
    private const int BlockSize = 256;

    // A vector's worth of kept values per class must stay a moderate buffer.
    private const long MostClasses = 1 << 20;

    private readonly long tilesPerOuter = TilesOf(problem.Logits);

    public static bool Fits(EntropyProblem problem) =>
        problem.Logits.Inner > 1
        && problem.Logits.Length is > 1 and <= MostClasses
        && problem.Logits.ElementStride != 1
        && HasAdjacentRows(problem.Logits)
        && (problem.Gradient is not { } gradient || HasAdjacentRows(gradient));

    protected override double Execute(long first, long end)
    {
        var buffers = new Buffers(Classes);
        // Outside of the loops: the stack is given back only when the method returns.
        EntropyState* states = stackalloc EntropyState[TVector.Width];
        double sum = 0;
        for (long unit = first; unit < end; unit++)
        {
            (long outer, long tile) = Math.DivRem(unit, tilesPerOuter);
            long endOfTile = Math.Min(Logits.Inner, (tile + 1) * PixelsPerTile);
            for (long inner = tile * PixelsPerTile; inner < endOfTile; inner += TVector.Width)
            {
                int lanes = (int)Math.Min(TVector.Width, endOfTile - inner);
                EntropyWalk<TElement> walk = Walk(At(Logits, outer, inner), Logits.ElementStride, (int)Classes, lanes);
                TVector largest = Sum(walk, states, buffers);
                long row = (outer * Logits.Inner) + inner;
                if (WantsGradient)
                    WriteGradients(row, lanes, largest, states, buffers, At(Gradients, outer, inner));
                for (int lane = 0; lane < lanes; lane++)
                {
                    double entropy = states[lane].Entropy;
                    Emit(row + lane, entropy);
                    sum += entropy;
                }
            }
        }

        return sum;
    }

    /// <summary>One walk through memory for the largest logits, the rest from this thread's copy.</summary>
    private TVector Sum(in EntropyWalk<TElement> walk, EntropyState* states, in Buffers buffers)
    {
        TVector largest = EntropyKernels<TVector, TElement>.LargestAndCopy(walk, buffers.Logits);
        for (int lane = 0; lane < TVector.Width; lane++) states[lane] = default;
        for (int at = 0; at < Classes; at += BlockSize)
        {
            long offset = (long)at * TVector.Width;
            int count = (int)Math.Min(BlockSize, Classes - at);
            EntropyKernels<TVector, TElement>.Accumulate<On>(
                Walk(buffers.Logits + offset, TVector.Width, count, TVector.Width),
                largest,
                WantsGradient ? buffers.Kept + offset : null,
                out EntropySums<TVector> sums);
            TVector.Store(buffers.Lane(0), sums.Mass);
            TVector.Store(buffers.Lane(1), sums.Rest);
            TVector.Store(buffers.Lane(2), sums.Log);
            for (int lane = 0; lane < TVector.Width; lane++)
            {
                states[lane].Mass += Memory.Get(buffers.Lane(0) + lane);
                states[lane].Rest += Memory.Get(buffers.Lane(1) + lane);
                states[lane].Log += Memory.Get(buffers.Lane(2) + lane);
            }
        }

        return largest;
    }

    private void WriteGradients(
        long row, int lanes, TVector largest, EntropyState* states, in Buffers buffers, TElement* gradient)
    {
        for (int lane = 0; lane < lanes; lane++)
        {
            Memory.Put(buffers.Lane(0) + lane, states[lane].Mean);
            double upstream = UpstreamOf(row + lane);
            Memory.Put(buffers.Lane(1) + lane, states[lane].GradientFactor(upstream, InverseTemperature));
        }

        EntropyWalk<TElement> walk = Walk(buffers.Logits, TVector.Width, (int)Classes, lanes);
        EntropyKernels<TVector, TElement>.Gradient(
            walk,
            largest,
            TVector.Load(buffers.Lane(0)),
            TVector.Load(buffers.Lane(1)),
            buffers.Kept,
            gradient,
            Gradients.ElementStride);
    }

    private EntropyWalk<TElement> Walk(TElement* logits, long stride, int classes, int lanes) => new()
    {
        Logits = logits,
        Stride = stride,
        Steps = classes,
        FullSteps = lanes == TVector.Width ? classes : 0,
        Lanes = lanes,
        Scale = Scale,
    };

    private static TElement* At(in RowsView view, long outer, long inner) =>
        (TElement*)view.Data + (outer * view.OuterStride) + inner;

    private static long TilesOf(RowsView logits) => (logits.Inner + PixelsPerTile - 1) / PixelsPerTile;

    private static bool HasAdjacentRows(RowsView view) => view.InnerStride == 1 && Memory.IsStoredAs<TElement>(view);

    /// <summary>
    /// This thread's memory for a group: logits and kept exponentials of every class and lane, and vectors to take
    /// lanes from.
    /// </summary>
    private readonly struct Buffers
    {
        private const int Spare = 3;

        private readonly TElement* memory;
        private readonly long elements;

        public Buffers(long classes)
        {
            elements = classes * TVector.Width;
            memory = (TElement*)Scratch.Get(
                ScratchUse.Kernel, ((2 * elements) + (Spare * TVector.Width)) * sizeof(TElement));
        }

        public TElement* Logits => memory;

        public TElement* Kept => memory + elements;

        public TElement* Lane(int index) => memory + (2 * elements) + ((long)index * TVector.Width);
    }
}
