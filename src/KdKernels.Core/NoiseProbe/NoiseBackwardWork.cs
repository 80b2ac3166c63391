namespace KdKernels.Core;

/// <summary>
/// Sums upstream·ε into cells: a tile's columns in double, then its cells, then, in the order of the copies and tiles,
/// those of all tiles.
/// </summary>
internal sealed unsafe class NoiseBackwardWork<TVector, TElement> : NoiseProbeWork<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly int cellColumns;
    private readonly double[] partials;

    private NoiseBackwardWork(NoiseProbeProblem problem)
        : base(problem)
    {
        cellColumns = (int)problem.Sigma.Length;
        partials = new double[Copies.Outer * Tiles.Length * cellColumns];
    }

    public static void Run(NoiseProbeProblem problem)
    {
        var work = new NoiseBackwardWork<TVector, TElement>(problem);
        work.Run();
        work.Write(problem.SigmaGradient!.Value);
    }

    protected override void Execute(long unit, long copy, NoiseTile tile, in NoiseBuffers<TElement> buffers)
    {
        long first = (long)tile.FirstRow * Width;
        new Span<double>(buffers.Columns, Width).Clear();
        for (long channel = 0; channel < Copies.Inner; channel++)
        {
            TElement* upstream = RowPart.Input(
                Copies, (copy * Copies.Inner) + channel, first, tile.Rows * Width, buffers.Input);
            TElement* noise = Noise(copy, channel, tile, buffers);
            NoiseProbeKernels<TVector, TElement>.AddColumns(upstream, noise, tile.Rows, Width, buffers.Columns);
        }

        Span<double> cells = partials.AsSpan(checked((int)(unit * cellColumns)), cellColumns);
        for (int column = 0; column < Width; column++) cells[CellOfColumn[column]] += buffers.Columns[column];
    }

    private void Write(in RowsView gradient)
    {
        var sums = new double[gradient.Rows * cellColumns];
        for (long copy = 0; copy < Copies.Outer; copy++)
        {
            long image = gradient.Outer == 1 ? 0 : ImageOf(copy);
            for (int tile = 0; tile < Tiles.Length; tile++)
            {
                long source = ((copy * Tiles.Length) + tile) * cellColumns;
                long target = ((image * gradient.Inner) + Tiles[tile].CellRow) * cellColumns;
                for (int cell = 0; cell < cellColumns; cell++) sums[target + cell] += partials[source + cell];
            }
        }

        for (long i = 0; i < sums.Length; i++) Memory.Write(gradient, i / cellColumns, i % cellColumns, sums[i]);
    }
}
