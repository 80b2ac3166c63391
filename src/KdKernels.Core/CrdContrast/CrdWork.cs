namespace KdKernels.Core;

/// <summary>
/// CRD in three phases. First each anchor's negatives are sorted by the block of the bank that they lie in (stable, one
/// counting sort). Then each block is read from memory once, while all anchors visit their rows of it in the cache: the
/// plain order would fetch every negative on its own, B·K·D elements instead of n·D. Last each anchor's sums over the
/// stripes are added in order, with its positive.
/// </summary>
internal sealed unsafe class CrdWork<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Anchors go in batches whose indices take no more than 32 MiB.
    private const long IndicesPerBatch = 1 << 23;

    // After so many rows the lanes' sums go to double.
    private const int MostRows = 4096;

    private readonly CrdProblem problem;
    private readonly CrdBlocks blocks;
    private readonly CrdWalk<TElement> walk;
    private readonly int count;
    private readonly long padded;
    private readonly bool wantsGradient;
    private readonly bool sumsExponentials;

    // Of the batch at hand: anchors, padded; indices, sorted; where each block's begin; the stripes' sums.
    private long firstAnchor;
    private int anchors;
    private TElement* vectors;
    private int* indices;
    private int* starts;
    private double* sums;
    private TElement* gradients;

    private CrdWork(CrdProblem problem, bool sumsExponentials)
    {
        RowsView bank = problem.Bank;
        this.problem = problem;
        this.sumsExponentials = sumsExponentials;
        count = problem.Count;
        wantsGradient = problem.Gradient is not null;
        blocks = CrdBlocks.Of(bank.Rows, bank.Length * sizeof(TElement), count);
        long steps = (bank.Length + TVector.Width - 1) / TVector.Width;
        padded = steps * TVector.Width;
        walk = new CrdWalk<TElement>
        {
            Bank = (TElement*)bank.Data,
            Stride = bank.OuterStride,
            Steps = (int)steps,
            FullSteps = (int)(bank.Length / TVector.Width),
            Lanes = (int)(bank.Length % TVector.Width),
            Scale = 1 / problem.Temperature,
            Offset = sumsExponentials ? -1 / problem.Temperature : problem.Offset,
        };
    }

    /// <summary>Writes the outputs that the problem has and returns the sum of the anchors' losses.</summary>
    public static double Run(CrdProblem problem) => new CrdWork<TVector, TElement>(problem, false).Run();

    /// <summary>The sum of e^((s − 1)/τ) over all positives and negatives.</summary>
    public static double RunExponentials(CrdProblem problem) => new CrdWork<TVector, TElement>(problem, true).Run();

    private double Run()
    {
        long all = problem.Anchors.Rows;
        long batch = Math.Clamp(IndicesPerBatch / count, 1, Math.Max(all, 1));
        double total = 0;
        for (firstAnchor = 0; firstAnchor < all; firstAnchor += batch)
        {
            anchors = (int)Math.Min(batch, all - firstAnchor);
            Allocate();
            ChunkedAction.Run(anchors, Sort);
            ChunkedAction.Run(blocks.Stripes, Visit);
            ChunkedAction.Run(anchors, Finish);

            // Finish leaves each anchor's loss where its first stripe's sum was.
            for (int anchor = 0; anchor < anchors; anchor++) total += sums[anchor];
        }

        return total;
    }

    private void Allocate()
    {
        long vectorBytes = Line(anchors * padded * sizeof(TElement));
        long gradientBytes = wantsGradient ? Line(blocks.Stripes * anchors * padded * sizeof(TElement)) : 0;
        long sumBytes = Line((long)blocks.Stripes * anchors * sizeof(double));
        long startBytes = Line(anchors * (blocks.Count + 1L) * sizeof(int));
        byte* memory = Scratch.Get(
            ScratchUse.Call,
            vectorBytes + gradientBytes + sumBytes + startBytes + ((long)anchors * count * sizeof(int)));
        vectors = (TElement*)memory;
        gradients = (TElement*)(memory += vectorBytes);
        sums = (double*)(memory += gradientBytes);
        starts = (int*)(memory += sumBytes);
        indices = (int*)(memory + startBytes);
    }

    private static long Line(long bytes) => (bytes + 63) / 64 * 64;

    /// <summary>Copies an anchor and sorts its negatives by block.</summary>
    private void Sort(int anchor)
    {
        TElement* vector = vectors + (anchor * padded);
        Memory.Gather(problem.Anchors, firstAnchor + anchor, vector);
        for (long d = problem.Anchors.Length; d < padded; d++) Memory.Put(vector + d, 0);

        int* unsorted = (int*)Scratch.Get(ScratchUse.Kernel, ((long)count * sizeof(int)));
        long positive = problem.Positive(firstAnchor + anchor);
        problem.Negatives.Write(firstAnchor + anchor, positive, problem.Bank.Rows, unsorted);

        int shift = blocks.Shift;
        int* start = starts + ((long)anchor * (blocks.Count + 1));
        new Span<int>(start, blocks.Count + 1).Clear();
        for (int k = 0; k < count; k++) start[unsorted[k] >> shift]++;
        int before = 0;
        for (int block = 0; block <= blocks.Count; block++) (start[block], before) = (before, before + start[block]);

        // Each entry moves from its block's first index to the next block's, and then all of them one to the right.
        int* sorted = indices + ((long)anchor * count);
        for (int k = 0; k < count; k++) sorted[start[unsorted[k] >> shift]++] = unsorted[k];
        for (int block = blocks.Count; block > 0; block--) start[block] = start[block - 1];
        start[0] = 0;
    }

    /// <summary>All anchors' rows in the blocks of a stripe.</summary>
    private void Visit(int stripe)
    {
        double* sum = sums + ((long)stripe * anchors);
        TElement* gradient = wantsGradient ? gradients + (stripe * anchors * padded) : null;
        new Span<double>(sum, anchors).Clear();
        if (wantsGradient) new Span<byte>(gradient, checked((int)(anchors * padded * sizeof(TElement)))).Clear();
        (int first, int end) = blocks.BlocksOf(stripe);
        for (int block = first; block < end; block++)
        {
            for (int anchor = 0; anchor < anchors; anchor++)
            {
                if (block + 1 < end) FetchShare(block + 1, anchor);
                int* start = starts + ((long)anchor * (blocks.Count + 1)) + block;
                int rows = start[1] - start[0];
                if (rows == 0) continue;
                int* at = indices + ((long)anchor * count) + start[0];
                TElement* vector = vectors + (anchor * padded);
                for (int done = 0; done < rows; done += MostRows)
                {
                    int part = Math.Min(MostRows, rows - done);
                    sum[anchor] += sumsExponentials
                        ? CrdKernels<TVector, TElement>.Exponentials(walk, vector, at + done, part)
                        : CrdKernels<TVector, TElement>.Negatives(
                            walk, vector, at + done, part, wantsGradient ? gradient + (anchor * padded) : null);
                }
            }
        }
    }

    /// <summary>Fetches an anchor's share of the next block's rows, so that all of them have come when it begins.</summary>
    private void FetchShare(int block, int anchor)
    {
        long first = (long)block << blocks.Shift;
        long rows = Math.Min(problem.Bank.Rows, first + (1L << blocks.Shift)) - first;
        CrdKernels<TVector, TElement>.Fetch(
            walk, first + (rows * anchor / anchors), first + (rows * (anchor + 1) / anchors));
    }

    /// <summary>Adds an anchor's stripes and its positive, and writes loss and gradient.</summary>
    private void Finish(int anchor)
    {
        double sum = 0;
        for (int stripe = 0; stripe < blocks.Stripes; stripe++) sum += sums[((long)stripe * anchors) + anchor];
        long row = firstAnchor + anchor;
        long positive = problem.Positive(row);
        TElement* own = walk.Bank + (positive * walk.Stride), vector = vectors + (anchor * padded);
        double score = 0;
        for (long d = 0; d < problem.Bank.Length; d++) score += Memory.Get(vector + d) * Memory.Get(own + d);
        double a = (score * walk.Scale) + walk.Offset;
        if (sumsExponentials)
        {
            sums[anchor] = sum + Math.Exp(a);
            return;
        }

        // The positive's softplus(−a) and σ(−a).
        double e = Math.Exp(-Math.Abs(a));
        double weight = (a > 0 ? e : 1) / (1 + e);
        double loss = sum + (count * problem.EpsilonTerm) + Math.Max(-a, 0) + ScalarMath.Log1p(e);
        if (wantsGradient) WriteGradient(anchor, own, weight);
        sums[anchor] = loss;
        if (problem.Loss is { } target && problem.Reduction == KdReduction.None) Memory.Write(target, row, 0, loss);
    }

    private void WriteGradient(int anchor, TElement* own, double weight)
    {
        long row = firstAnchor + anchor;
        double factor = problem.UpstreamOf(row) * walk.Scale / problem.Divisor;
        TVector scale = TVector.Broadcast(factor), share = TVector.Broadcast(-weight);
        TElement* first = gradients + (anchor * padded);
        for (int step = 0; step < walk.Steps; step++)
        {
            long at = (long)step * TVector.Width;
            TVector sum = TVector.Broadcast(0);
            for (int stripe = 0; stripe < blocks.Stripes; stripe++)
                sum += TVector.Load(first + (stripe * anchors * padded) + at);
            TVector m = step < walk.FullSteps
                ? TVector.Load(own + at)
                : TVector.LoadPartial(own + at, walk.Lanes, TVector.Broadcast(0));
            TVector.Store(first + at, TVector.Fma(share, m, sum) * scale);
        }

        Memory.Scatter(problem.Gradient!.Value, row, first);
    }
}
