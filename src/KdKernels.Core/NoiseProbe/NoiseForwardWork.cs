namespace KdKernels.Core;

/// <summary>Writes the copies.</summary>
internal sealed unsafe class NoiseForwardWork<TVector, TElement> : NoiseProbeWork<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly RowsView input;
    private readonly RowsView sigma;

    private NoiseForwardWork(NoiseProbeProblem problem)
        : base(problem)
    {
        input = problem.Input!.Value;
        sigma = problem.Sigma;
    }

    public static void Run(NoiseProbeProblem problem) => new NoiseForwardWork<TVector, TElement>(problem).Run();

    protected override void Execute(long unit, long copy, NoiseTile tile, in NoiseBuffers<TElement> buffers)
    {
        long image = ImageOf(copy), first = (long)tile.FirstRow * Width;
        int count = tile.Rows * Width;
        Spread(image, tile, buffers.Sigma);
        for (long channel = 0; channel < input.Inner; channel++)
        {
            long row = ((input.Outer == 1 ? 0 : image) * input.Inner) + channel;
            long target = (copy * input.Inner) + channel;
            TElement* x = RowPart.Input(input, row, first, count, buffers.Input);
            TElement* y = RowPart.Output(Copies, target, first, buffers.Output);
            TElement* noise = Noise(copy, channel, tile, buffers);
            NoiseProbeKernels<TVector, TElement>.AddNoise(x, buffers.Sigma, noise, y, count);
            RowPart.Finish(Copies, target, first, count, y);
        }
    }

    /// <summary>The deviation of every pixel of a tile.</summary>
    private void Spread(long image, NoiseTile tile, TElement* target)
    {
        long row = ((sigma.Outer == 1 ? 0 : image) * sigma.Inner) + tile.CellRow;
        for (int column = 0; column < Width; column++)
            Memory.Put(target + column, Memory.Read(sigma, row, CellOfColumn[column]));
        var first = new ReadOnlySpan<TElement>(target, Width);
        for (int i = 1; i < tile.Rows; i++) first.CopyTo(new Span<TElement>(target + ((long)i * Width), Width));
    }
}
