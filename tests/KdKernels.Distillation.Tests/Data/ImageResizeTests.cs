using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class ImageResizeTests
{
    [Theory]
    [InlineData(9, 5, 3)]
    [InlineData(5, 9, 3)]
    [InlineData(4, 4, 7)]
    [InlineData(1, 1, 3)]
    [InlineData(3, 3, 3)]
    [InlineData(100, 3, 2)]
    public void A_constant_image_stays_constant(int height, int width, int size)
    {
        var image = new DecodedImage(new ImageShape(2, height, width), [.. Enumerable.Repeat(
            (byte)201, 2 * height * width)]);
        DecodedImage resized = ImageResize.ShorterSideAndCrop(image, size);
        Assert.Equal(new ImageShape(2, size, size), resized.Shape);
        Assert.All(resized.Pixels, value => Assert.Equal(201, value));
    }

    [Fact]
    public void Halving_weighs_with_a_triangle_as_wide_as_two_output_pixels()
    {
        // Weights 1 3 3 1 around an inner output pixel; at the edge the outer tap is missing and the rest is
        // renormalised: 3 3 1.
        byte[] row = [0, 80, 160, 240, 80, 0, 40, 200];
        var image = new DecodedImage(new ImageShape(1, 8, 8), [.. Enumerable.Repeat(row, 8).SelectMany(r => r)]);
        DecodedImage half = ImageResize.ShorterSideAndCrop(image, 4);
        int[] expected =
        [
            (int)((3 * 0 + 3 * 80 + 160) / 7.0 + 0.5),
            (int)((80 + 3 * 160 + 3 * 240 + 80) / 8.0 + 0.5),
            (int)((240 + 3 * 80 + 3 * 0 + 40) / 8.0 + 0.5),
            (int)((0 + 3 * 40 + 3 * 200) / 7.0 + 0.5),
        ];
        for (int y = 0; y < 4; y++)
            Assert.Equal(expected, half.Pixels[(4 * y)..(4 * y + 4)].Select(v => (int)v));
    }

    [Fact]
    public void Doubling_interpolates_between_the_two_nearest_pixels()
    {
        var image = new DecodedImage(new ImageShape(1, 2, 2), [0, 100, 0, 100]);
        Assert.Equal([0, 25, 75, 100], ImageResize.ShorterSideAndCrop(image, 4).Pixels[..4]);
    }

    [Fact]
    public void The_centre_of_the_longer_side_is_kept_in_image_and_mask_alike()
    {
        byte[] row = [1, 2, 3, 4, 5, 6];
        byte[] pixels = [.. Enumerable.Repeat(row, 2).SelectMany(r => r)];
        var wide = new DecodedImage(new ImageShape(1, 2, 6), pixels);
        Assert.Equal([3, 4, 3, 4], ImageResize.ShorterSideAndCrop(wide, 2).Pixels);
        Assert.Equal([3, 4, 3, 4], ImageResize.ShorterSideAndCropNearest(wide, 2).Pixels);
        var tall = new DecodedImage(new ImageShape(1, 6, 2), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
        Assert.Equal([3, 3, 4, 4], ImageResize.ShorterSideAndCrop(tall, 2).Pixels);
        Assert.Equal([3, 3, 4, 4], ImageResize.ShorterSideAndCropNearest(tall, 2).Pixels);
    }

    [Fact]
    public void A_mask_never_gets_a_value_that_it_did_not_have()
    {
        byte[] values = [.. Enumerable.Range(0, 35).Select(i => (byte)(i % 3 * 100))];
        DecodedImage mask = ImageResize.ShorterSideAndCropNearest(
            new DecodedImage(new ImageShape(1, 5, 7), values), 11);
        Assert.All(mask.Pixels, value => Assert.True(value is 0 or 100 or 200));
        Assert.Equal(3, mask.Pixels.Distinct().Count());
    }
}
