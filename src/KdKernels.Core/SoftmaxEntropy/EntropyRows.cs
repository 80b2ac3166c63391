namespace KdKernels.Core;

/// <summary>
/// Rows one by one, classes in the lanes. A row is read once from memory, in blocks that stay in the first-level cache
/// while their largest element is found and their sums are taken; the gradient is made from the kept exponentials.
/// </summary>
internal sealed unsafe class EntropyRows<TVector, TElement>(EntropyProblem problem)
    : EntropyWork<TVector, TElement>(problem, problem.Logits.Rows, problem.Logits.Length)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A block of logits and its kept exponentials fill half of a 32 KiB first-level cache.
    private const int BlockBytes = 8192;

    private static int BlockSize => BlockBytes / sizeof(TElement);

    protected override double Execute(long first, long end)
    {
        var buffers = new Buffers(Classes);
        double sum = 0;
        for (long row = first; row < end; row++)
        {
            TElement* logits = RowBuffers<TElement>.Input(Logits, row, buffers.Logits);
            EntropyState state = Sum<Off>(logits, buffers);
            // Few rows exclude classes (or hold a NaN); the others are spared the check for it.
            if (!double.IsFinite(state.Log)) state = Sum<On>(logits, buffers);
            if (WantsGradient) WriteGradient(row, logits, state, buffers);
            double entropy = state.Entropy;
            Emit(row, entropy);
            sum += entropy;
        }

        return sum;
    }

    private EntropyState Sum<TExcluding>(TElement* logits, in Buffers buffers)
        where TExcluding : struct, IFlag
    {
        EntropyState state = EntropyState.Empty;
        double* origin = buffers.Origins;
        for (long at = 0; at < Classes; at += BlockSize, origin++)
        {
            EntropyWalk<TElement> walk = Block(logits, at);
            double largest = TVector.Largest(EntropyKernels<TVector, TElement>.Largest(walk));
            if (largest > state.Largest) state.MoveTo(largest, Scale);
            *origin = state.Largest;
            // Before the first class with any mass, everything is far below 0 as well.
            double from = double.IsNegativeInfinity(state.Largest) ? 0 : state.Largest;
            TVector.Store(buffers.Lanes.Origin, TVector.Broadcast(from));
            EntropyKernels<TVector, TElement>.Accumulate<TExcluding>(
                walk, buffers.Lanes.Origin, WantsGradient ? buffers.Kept + at : null, out EntropySums<TVector> sums);
            state.Mass += TVector.Sum(sums.Mass);
            state.Rest += TVector.Sum(sums.Rest);
            state.Log += TVector.Sum(sums.Log);
        }

        return state;
    }

    private void WriteGradient(long row, TElement* logits, in EntropyState state, in Buffers buffers)
    {
        TElement* direct = Memory.Direct<TElement>(Gradients, row);
        TElement* gradient = direct is not null ? direct : buffers.Gradient;
        double factor = state.GradientFactor(UpstreamOf(row), InverseTemperature);
        TVector.Store(buffers.Lanes.Origin, TVector.Broadcast(state.Largest));
        TVector.Store(buffers.Lanes.Mean, TVector.Broadcast(state.Mean));
        double* origin = buffers.Origins;
        for (long at = 0; at < Classes; at += BlockSize, origin++)
        {
            // Blocks before the last move were measured from a smaller logit.
            double rescale = *origin == state.Largest ? 1 : double.Exp2((*origin - state.Largest) * Scale);
            TVector.Store(buffers.Lanes.Factor, TVector.Broadcast(factor * rescale));
            EntropyKernels<TVector, TElement>.Gradient(
                Block(logits, at), buffers.Lanes, buffers.Kept + at, gradient + at, TVector.Width);
        }

        if (direct is null) Memory.Scatter(Gradients, row, gradient);
    }

    private EntropyWalk<TElement> Block(TElement* logits, long at)
    {
        int count = (int)Math.Min(BlockSize, Classes - at);
        return new EntropyWalk<TElement>
        {
            Logits = logits + at,
            Stride = TVector.Width,
            Ahead = count,
            Steps = (count + TVector.Width - 1) / TVector.Width,
            FullSteps = count / TVector.Width,
            Lanes = count % TVector.Width,
            Scale = Scale,
        };
    }

    /// <summary>This thread's memory for one row at a time; every array is padded to whole vectors.</summary>
    private readonly struct Buffers
    {
        private readonly TElement* memory;
        private readonly long padded;

        public Buffers(long classes)
        {
            padded = (classes + TVector.Width - 1) / TVector.Width * TVector.Width;
            long blocks = (classes + BlockSize - 1) / BlockSize;
            long origins = ((blocks * sizeof(double)) + 63) / 64 * 64;
            byte* start = Scratch.Get(
                ScratchUse.Kernel, origins + (3 * (padded + TVector.Width) * sizeof(TElement)));
            Origins = (double*)start;
            memory = (TElement*)(start + origins);
            TElement* lanes = memory + (3 * padded);
            Lanes = new EntropyGradient<TElement>(lanes, lanes + TVector.Width, lanes + (2 * TVector.Width));
        }

        /// <summary>The logit that each block was measured from.</summary>
        public double* Origins { get; }

        /// <summary>A vector each of what is the same for the whole row.</summary>
        public EntropyGradient<TElement> Lanes { get; }

        public TElement* Kept => memory;

        public TElement* Logits => memory + padded;

        public TElement* Gradient => memory + (2 * padded);
    }
}
