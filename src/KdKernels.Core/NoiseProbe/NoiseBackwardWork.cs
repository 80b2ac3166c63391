using System.Runtime.InteropServices;

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
    private readonly int[] cellOfColumn;
    private readonly double* partials;
    private readonly double* sums;

    private NoiseBackwardWork(NoiseProbeProblem problem)
        : base(problem)
    {
        cellColumns = (int)problem.Sigma.Length;
        cellOfColumn = new int[Width];
        for (int column = 0; column < Width; column++)
            cellOfColumn[column] = NoiseTiles.Cell(column, cellColumns, Width);
        // Not arrays: large ones at every step of a descent keep the garbage collector busy.
        long parts = Copies.Outer * Tiles.Length * cellColumns;
        long bytes = (parts + (problem.Sigma.Rows * cellColumns)) * sizeof(double);
        partials = (double*)Scratch.Get(ScratchUse.Call, bytes);
        sums = partials + parts;
        NativeMemory.Clear(partials, (nuint)bytes);
    }

    public static void Run(NoiseProbeProblem problem)
    {
        var work = new NoiseBackwardWork<TVector, TElement>(problem);
        work.Run();
        work.Write(problem.SigmaGradient!.Value);
    }

    protected override void Execute(long copy, NoiseBand band, in NoiseBuffers<TElement> buffers)
    {
        long first = (long)band.FirstRow * Width;
        new Span<double>(buffers.Columns, band.Tiles * Width).Clear();
        for (long channel = 0; channel < Copies.Inner; channel++)
        {
            TElement* upstream = RowPart.Input(
                Copies, (copy * Copies.Inner) + channel, first, band.Rows * Width, buffers.Input);
            TElement* noise = Noise(copy, channel, band, buffers);
            double* columns = buffers.Columns;
            for (int tile = band.FirstTile; tile < band.FirstTile + band.Tiles; tile++, columns += Width)
            {
                int rows = Tiles[tile].Rows;
                NoiseProbeKernels<TVector, TElement>.AddColumns(upstream, noise, rows, Width, columns);
                upstream += (long)rows * Width;
                noise += (long)rows * Width;
            }
        }

        double* cells = partials + (((copy * Tiles.Length) + band.FirstTile) * cellColumns);
        for (int tile = 0; tile < band.Tiles; tile++, cells += cellColumns)
            AddCells(buffers.Columns + ((long)tile * Width), cells);
    }

    /// <summary>Adds columns of pixels to their cells, which lie next to each other.</summary>
    private void AddCells(double* columns, double* cells)
    {
        for (int column = 0; column < Width;)
        {
            int cell = cellOfColumn[column];
            double sum = columns[column++];
            while (column < Width && cellOfColumn[column] == cell) sum += columns[column++];
            cells[cell] = sum;
        }
    }

    private void Write(in RowsView gradient)
    {
        for (long copy = 0; copy < Copies.Outer; copy++)
        {
            long image = gradient.Outer == 1 ? 0 : ImageOf(copy);
            for (int tile = 0; tile < Tiles.Length; tile++)
            {
                double* source = partials + (((copy * Tiles.Length) + tile) * cellColumns);
                double* target = sums + (((image * gradient.Inner) + Tiles[tile].CellRow) * cellColumns);
                for (int cell = 0; cell < cellColumns; cell++) target[cell] += source[cell];
            }
        }

        for (long row = 0; row < gradient.Rows; row++) Memory.Scatter(gradient, row, sums + (row * cellColumns));
    }
}
