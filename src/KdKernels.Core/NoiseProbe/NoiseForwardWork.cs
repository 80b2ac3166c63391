namespace KdKernels.Core;

/// <summary>Writes the copies.</summary>
internal sealed unsafe class NoiseForwardWork<TVector, TElement> : NoiseProbeWork<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly RowsView input;
    private readonly long grids;
    private readonly TElement* deviations;

    private NoiseForwardWork(NoiseProbeProblem problem)
        : base(problem)
    {
        input = problem.Input!.Value;
        grids = problem.Sigma.Outer;
        deviations = Deviations(problem.Sigma);
    }

    public static void Run(NoiseProbeProblem problem) => new NoiseForwardWork<TVector, TElement>(problem).Run();

    protected override void Execute(long copy, NoiseBand band, in NoiseBuffers<TElement> buffers)
    {
        long image = ImageOf(copy), first = (long)band.FirstRow * Width;
        int count = band.Rows * Width;
        Spread(grids == 1 ? 0 : image, band, buffers.Sigma);
        for (long channel = 0; channel < input.Inner; channel++)
        {
            long row = ((input.Outer == 1 ? 0 : image) * input.Inner) + channel;
            long target = (copy * input.Inner) + channel;
            TElement* x = RowPart.Input(input, row, first, count, buffers.Input);
            TElement* y = RowPart.Output(Copies, target, first, buffers.Output);
            TElement* noise = Noise(copy, channel, band, buffers);
            NoiseProbeKernels<TVector, TElement>.AddNoise(x, buffers.Sigma, noise, y, count);
            RowPart.Finish(Copies, target, first, count, y);
        }
    }

    /// <summary>A row of pixels of every tile, for all copies of an image: [grids, tiles, width].</summary>
    private TElement* Deviations(RowsView sigma)
    {
        long size = grids * Tiles.Length * Width;
        var rows = (TElement*)Scratch.Get(ScratchUse.Call, size * sizeof(TElement));
        TElement* target = rows;
        for (long grid = 0; grid < grids; grid++)
        {
            foreach (NoiseTile tile in Tiles)
            {
                long row = (grid * sigma.Inner) + tile.CellRow;
                for (int column = 0; column < Width; column++)
                {
                    int cell = NoiseTiles.Cell(column, (int)sigma.Length, Width);
                    Memory.Put(target++, Memory.Read(sigma, row, cell));
                }
            }
        }

        return rows;
    }

    /// <summary>The deviation of every pixel of a band.</summary>
    private void Spread(long grid, NoiseBand band, TElement* target)
    {
        for (int tile = band.FirstTile; tile < band.FirstTile + band.Tiles; tile++)
        {
            var row = new ReadOnlySpan<TElement>(deviations + (((grid * Tiles.Length) + tile) * Width), Width);
            for (int i = 0; i < Tiles[tile].Rows; i++, target += Width) row.CopyTo(new Span<TElement>(target, Width));
        }
    }
}
