namespace KdKernels.Core.Tests;

public class RowGeometryTests
{
    private const KdElementType Single = KdElementType.Float32;

    [Fact]
    public void Contiguous_rows_are_walked_with_one_index()
    {
        var geometry = new RowGeometry(CudaView.Rows(0, 7, 100), CudaView.Rows(1, 7, 100));
        Assert.True(geometry.IsRowMajor);
        Assert.Equal((7, 1, 100), (geometry.Rows, geometry.Inner, geometry.Classes));
        Assert.Equal(new RowStrides(100, 0, 1), geometry.Strides(CudaView.Rows(0, 7, 100)));
    }

    [Fact]
    public void Two_row_indices_become_one_where_the_memory_allows_it()
    {
        RowsView tokens = new(64, Single, 3, 5, 100, 500, 100, 1);
        var geometry = new RowGeometry(tokens, tokens);
        Assert.True(geometry.IsRowMajor);
        Assert.Equal((15, 1), (geometry.Rows, geometry.Inner));
        Assert.Equal(new RowStrides(100, 0, 1), geometry.Strides(tokens));
    }

    [Fact]
    public void A_slice_of_a_sequence_keeps_both_indices()
    {
        // [B, T, V] without the last of T: the rows of two sequences are not evenly spaced.
        RowsView shifted = new(64, Single, 3, 4, 100, 500, 100, 1);
        var geometry = new RowGeometry(shifted, shifted);
        Assert.False(geometry.IsRowMajor);
        Assert.False(geometry.IsPixelMajor);
        Assert.Equal((12, 4), (geometry.Rows, geometry.Inner));
        Assert.Equal(new RowStrides(500, 100, 1), geometry.Strides(shifted));
    }

    [Fact]
    public void One_operand_with_gaps_decides_for_all()
    {
        RowsView plain = new(64, Single, 3, 4, 100, 400, 100, 1);
        RowsView gaps = new(64, Single, 3, 4, 100, 500, 100, 1);
        Assert.Equal(new RowStrides(100, 0, 1), new RowGeometry(plain, plain).Strides(plain));
        var geometry = new RowGeometry(plain, gaps);
        Assert.False(geometry.IsRowMajor);
        Assert.Equal(new RowStrides(400, 100, 1), geometry.Strides(plain));
        Assert.Equal(new RowStrides(500, 100, 1), geometry.Strides(gaps));
    }

    [Fact]
    public void Images_are_walked_pixel_by_pixel()
    {
        RowsView images = CudaView.Images(0, 2, 21, 49);
        var geometry = new RowGeometry(images, images);
        Assert.True(geometry.IsPixelMajor);
        Assert.False(geometry.IsRowMajor);
        Assert.Equal((98, 49, 21), (geometry.Rows, geometry.Inner, geometry.Classes));
        Assert.Equal(new RowStrides(21 * 49, 1, 49), geometry.Strides(images));
    }

    [Theory]
    [InlineData(1, 49)]
    [InlineData(49, 1)]
    public void One_image_and_a_transposed_matrix_are_the_same_walk(long outer, long inner)
    {
        RowsView view = new(64, Single, outer, inner, 21, 1, 1, 49);
        var geometry = new RowGeometry(view, view);
        Assert.True(geometry.IsPixelMajor);
        Assert.Equal((49, 49), (geometry.Rows, geometry.Inner));
        Assert.Equal(new RowStrides(0, 1, 49), geometry.Strides(view));
    }

    [Fact]
    public void Images_with_the_channels_last_are_rows()
    {
        RowsView images = new(64, Single, 2, 49, 21, 21 * 49, 21, 1);
        Assert.True(new RowGeometry(images, images).IsRowMajor);
    }

    [Theory]
    [InlineData(64, 100, 64, 100, true)]
    [InlineData(64, 100, 128, 104, true)]
    [InlineData(68, 100, 132, 100, true)]
    [InlineData(64, 101, 128, 105, true)]
    [InlineData(64, 100, 68, 100, false)]
    [InlineData(64, 100, 64, 101, false)]
    [InlineData(64, 100, 64, 0, true)]
    [InlineData(64, 101, 64, 0, false)]
    [InlineData(64, -100, 64, -100, false)]
    public void Rows_are_major_where_all_operands_are_equally_aligned(
        long first, long firstStride, long second, long secondStride, bool expected)
    {
        RowsView a = new((nint)first, Single, 8, 1, 100, firstStride, 0, 1);
        RowsView b = new((nint)second, Single, 8, 1, 100, secondStride, 0, 1);
        Assert.Equal(expected, new RowGeometry(a, b).IsRowMajor);
    }

    [Fact]
    public void The_stride_of_a_single_row_does_not_matter()
    {
        RowsView a = new(64, Single, 1, 1, 100, 100, 0, 1);
        RowsView b = new(64, Single, 1, 1, 100, 101, 0, 1);
        Assert.True(new RowGeometry(a, b).IsRowMajor);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    [InlineData(0)]
    public void Elements_apart_are_neither_rows_nor_pixels(long elementStride)
    {
        RowsView view = new(4096, Single, 8, 1, 100, 200, 0, elementStride);
        var geometry = new RowGeometry(view, view);
        Assert.False(geometry.IsRowMajor);
        Assert.False(geometry.IsPixelMajor);
        Assert.Equal(new RowStrides(200, 0, elementStride), geometry.Strides(view));
    }

    [Fact]
    public void The_element_stride_of_a_single_class_does_not_matter()
    {
        RowsView view = new(64, Single, 8, 1, 1, 1, 0, 77);
        Assert.True(new RowGeometry(view, view).IsRowMajor);
    }

    [Fact]
    public void More_than_2_to_the_32_elements_keep_their_strides()
    {
        RowsView huge = new(64, KdElementType.BFloat16, 1 << 20, 1, 151936, 3L << 31, 0, 1);
        var geometry = new RowGeometry(huge, huge);
        Assert.True(geometry.IsRowMajor);
        Assert.Equal(3L << 31, geometry.Strides(huge).Outer);
        Assert.Equal((1L << 20) * 151936, DeviceView.Of(huge).Length);
    }
}
