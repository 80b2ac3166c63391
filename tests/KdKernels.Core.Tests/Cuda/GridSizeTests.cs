namespace KdKernels.Core.Tests;

/// <summary>A device of 132 multiprocessors, 50 MiB of L2 cache, four resident blocks each.</summary>
public class GridSizeTests
{
    private const int Resident = 4;
    private readonly CudaDevice device = new CudaRuntime(new FakeDriver(), TinyKernels.Library()).Device(0);

    [Theory]
    [InlineData("warp-4", 1, 1)]
    [InlineData("warp-4", 8, 1)]
    [InlineData("warp-4", 9, 2)]
    [InlineData("block-8", 9, 9)]
    [InlineData("stream", 9, 9)]
    [InlineData("split", 9, 9)]
    [InlineData("general", 9, 9)]
    [InlineData("pixels", 128, 1)]
    [InlineData("pixels", 129, 2)]
    [InlineData("warp-4", 0, 0)]
    public void Tiles_cover_the_rows(string kernel, long rows, long expected) =>
        Assert.Equal(expected, GridSize.Tiles(Kernel(kernel), rows));

    [Theory]
    [InlineData("warp-4", 100, 13)]
    [InlineData("warp-4", 1 << 20, 132 * Resident)]
    [InlineData("block-8", 100, 100)]
    [InlineData("block-8", 1 << 20, 132 * Resident)]
    [InlineData("pixels", 1 << 30, 132 * Resident)]
    [InlineData("general", 3, 3)]
    [InlineData("general", 0, 1)]
    public void A_grid_is_what_is_resident_at_once_or_less(string kernel, long rows, int expected) =>
        Assert.Equal(expected, Blocks(kernel, rows, classes: 100));

    [Theory]
    [InlineData(40_000, false, 132 * Resident)]
    [InlineData(40_000, true, 163)]
    [InlineData(1_000_000, true, 132)]
    [InlineData(1_000, true, 132 * Resident)]
    public void Rows_that_are_read_twice_stay_in_half_of_the_cache(long classes, bool gradient, int expected) =>
        Assert.Equal(expected, Blocks("stream", 8192, classes, gradient, bytes: 2));

    [Theory]
    [InlineData(0, 65_536, 1)]
    [InlineData(1, 65_536, 4)]
    [InlineData(3, 65_537, 15)]
    [InlineData(65, 1_000_000, 65 * 62)]
    public void Split_rows_are_cut_by_their_length_alone(long rows, long classes, int expected) =>
        Assert.Equal(expected, Blocks("split", rows, classes));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1024, 1)]
    [InlineData(1025, 2)]
    [InlineData(1 << 24, 132)]
    public void Labels_are_counted_by_as_many_blocks_as_there_are_multiprocessors(long rows, int expected) =>
        Assert.Equal(expected, GridSize.CountBlocks(device, rows));

    [Fact]
    public void Partial_sums_have_a_place_per_tile_and_split_rows_their_states_behind()
    {
        RowsView rows = CudaView.Rows(0, 3, 65_537);
        var geometry = new RowGeometry(rows);
        Assert.Equal(3, GridSize.PartialSlots(Kernel("block-8"), geometry, perTile: 1, wantsSum: true));
        Assert.Equal(24, GridSize.PartialSlots(Kernel("general"), geometry, perTile: 8, wantsSum: true));
        Assert.Equal(8, GridSize.PartialSlots(Kernel("warp-4"), geometry, perTile: 8, wantsSum: true));
        Assert.Equal(0, GridSize.PartialSlots(Kernel("general"), geometry, perTile: 8, wantsSum: false));
        // Five parts per row, of eight floats each.
        Assert.Equal(3 + (15 * 4), GridSize.PartialSlots(Kernel("split"), geometry, perTile: 1, wantsSum: true));
        Assert.Equal(3 + (15 * 4), GridSize.PartialSlots(Kernel("split"), geometry, perTile: 1, wantsSum: false));
    }

    [Fact]
    public void More_rows_than_an_int_counts_are_tiled()
    {
        Assert.Equal(1L << 40, GridSize.Tiles(Kernel("block-8"), 1L << 40));
        Assert.Equal(132 * Resident, Blocks("block-8", 1L << 40, classes: 2));
    }

    private PtxKernel Kernel(string name) => device.Kernels("TemperedKl", KdElementType.Float32)
        .Single(kernel => kernel.Info.Name == $"float32-{name}").Info;

    private int Blocks(string kernel, long rows, long classes, bool gradient = false, int bytes = 4)
    {
        KdElementType type = bytes == 2 ? KdElementType.BFloat16 : KdElementType.Float32;
        var geometry = new RowGeometry(CudaView.Rows(0, rows, classes, type));
        var demand = new KernelDemand(geometry, 2 * classes * bytes, gradient, NeedsGeneral: false);
        return GridSize.Blocks(device, Kernel(kernel), Resident, demand);
    }
}
