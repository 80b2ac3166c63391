namespace KdKernels.Reference.Tests;

public class AdaptivePoolingTests
{
    [Fact]
    public void Windows_overlap_where_the_sizes_do_not_divide()
    {
        Assert.Equal([(0, 2), (1, 4), (3, 5)], Enumerable.Range(0, 3).Select(i => AdaptivePooling.Window(i, 5, 3)));
        Assert.Equal([(0, 2), (2, 4)], Enumerable.Range(0, 2).Select(i => AdaptivePooling.Window(i, 4, 2)));
        Assert.Equal([(0, 7)], Enumerable.Range(0, 1).Select(i => AdaptivePooling.Window(i, 7, 1)));
    }

    [Fact]
    public void The_mean_and_the_largest_of_a_row()
    {
        var maps = new OracleMaps([1, 5, 2, 8, 3], 1, 1, 1, 5);
        Assert.Equal([3, 5, 5.5], AdaptivePooling.Pool(maps, 1, 3, average: true).Values);
        Assert.Equal([5, 8, 8], AdaptivePooling.Pool(maps, 1, 3, average: false).Values);
    }

    [Fact]
    public void The_first_of_several_largest_gets_the_gradient()
    {
        var maps = new OracleMaps([2, 7, 7, 1], 1, 1, 2, 2);
        Assert.Equal([0, 3, 0, 0], AdaptivePooling.Gradient(maps, new([3], 1, 1, 1, 1), average: false));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_gradient_matches_central_differences(bool average)
    {
        OracleMaps maps = FeatureMapCases.Random(1, 2, 2, 5, 7), upstream = FeatureMapCases.Random(2, 2, 2, 3, 4);
        FeatureMapCases.CheckGradient(
            maps,
            AdaptivePooling.Gradient(maps, upstream, average),
            moved => AdaptivePooling.Pool(moved, 3, 4, average).Values.Zip(upstream.Values, (p, u) => p * u).Sum());
    }
}
