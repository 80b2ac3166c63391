using System.Security.Cryptography;
using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class ShapesTests
{
    /// <summary>
    /// Frozen: if this fails, the images changed and every stored result is about other data; raise Shapes.Version
    /// instead. The hashes are those of an independent implementation in Python, so no compiler's choice of
    /// instructions is in them.
    /// </summary>
    [Fact]
    public void Version_1_is_frozen_to_the_bit()
    {
        DataSplits splits = Shapes.Generate(trainCount: 64, testCount: 64, seed: 2026);
        Assert.Equal(1, Shapes.Version);
        Assert.Equal("4fa558f8e7ada6401dda2d05d11ea16808ab0ef232d316d3e052d1a24cd8aa26", Sha256(splits.Train.Pixels));
        Assert.Equal("d5faef8acf530f8002d41509a6c4be6f5b07b6cccd24b3737c5506335306a67f", Sha256MaskOf(splits.Train));
        Assert.Equal("baa5efff5dc28f7d1c2415a649bc268d056bd929a85e9cc49baac3f682fdb9fc", Sha256(splits.Test.Pixels));
        Assert.Equal("cabf17919ee1d13e98d4993d0f384a2e7cd5332d1ddf991efd50664fedc0d540", Sha256(
            Shapes.Generate(1, 1, seed: 0).Train.Pixels));
    }

    [Fact]
    public void An_image_depends_on_seed_split_and_index_only()
    {
        DataSplits few = Shapes.Generate(30, 20, seed: 5);
        DataSplits many = Shapes.Generate(90, 70, seed: 5);
        Assert.Equal(few.Train.Fingerprint, many.Train.Take(30).Fingerprint);
        Assert.Equal(few.Test.Fingerprint, many.Test.Take(20).Fingerprint);
        Assert.NotEqual(few.Train.Fingerprint, Shapes.Generate(30, 20, seed: 6).Train.Fingerprint);
    }

    [Fact]
    public void Train_and_test_share_no_image()
    {
        DataSplits splits = Shapes.Generate(500, 500, seed: 5);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (ImageSet set in new[] { splits.Train, splits.Test })
        {
            for (int i = 0; i < set.Count; i++)
                Assert.True(seen.Add(Sha256(set.Image(i))), $"{set.Name}, image {i} appears twice");
        }
    }

    [Fact]
    public void Every_prefix_is_balanced_and_every_object_is_visible()
    {
        ImageSet set = Shapes.Generate(2000, 1, seed: 5).Train;
        Assert.Equal(Enumerable.Repeat(200, 10), set.LabelHistogram());
        for (int i = 0; i < set.Count; i++)
        {
            byte[] mask = set.Mask(i).ToArray();
            Assert.All(mask, value => Assert.True(value is 0 or 255));
            Assert.InRange(mask.Count(value => value == 255), 60, 512);
        }
    }

    /// <summary>Leaving the object out of the same scene must change the pixels of its mask and no other.</summary>
    [Fact]
    public void A_pixel_is_foreground_exactly_where_the_mask_says()
    {
        byte[] with = new byte[3 * 1024];
        byte[] without = new byte[3 * 1024];
        byte[] mask = new byte[1024];
        int inside = 0;
        int changed = 0;
        for (uint i = 0; i < 500; i++)
        {
            new ShapesImage(seed: 5, purpose: 99, i, label: (int)(i % 10)) { OmitsObject = true }.Render(without, mask);
            new ShapesImage(seed: 5, purpose: 99, i, label: (int)(i % 10)).Render(with, mask);
            for (int p = 0; p < 1024; p++)
            {
                bool differs = false;
                for (int c = 0; c < 3; c++)
                    differs |= with[c * 1024 + p] != without[c * 1024 + p];
                Assert.False(
                    differs && mask[p] == 0, $"image {i}: pixel {p} shows the object but lies outside its mask");
                inside += mask[p] == 255 ? 1 : 0;
                changed += differs ? 1 : 0;
            }
        }

        // A colour may by chance be what was there before; that is rare.
        Assert.InRange((double)changed / inside, 0.995, 1.0);
    }

    [Fact]
    public void Shapes_are_their_own_mirror_images_and_have_equal_areas()
    {
        const int steps = 400;
        for (int kind = 0; kind < ShapeGeometry.Names.Count; kind++)
        {
            int inside = 0;
            for (int i = 0; i < steps * steps; i++)
            {
                double x = ((i % steps + 0.5) / steps * 2 - 1) * ShapeGeometry.Reach;
                double y = ((i / steps + 0.5) / steps * 2 - 1) * ShapeGeometry.Reach;
                bool contains = ShapeGeometry.Contains(kind, x, y);
                Assert.Equal(contains, ShapeGeometry.Contains(kind, -x, y));
                Assert.False(contains && x * x + y * y > ShapeGeometry.Reach * ShapeGeometry.Reach);
                inside += contains ? 1 : 0;
            }

            double side = 2 * ShapeGeometry.Reach / steps;
            Assert.Equal(Math.PI, inside * side * side, tolerance: 0.05);
        }
    }

    [Fact]
    public void Name_and_description_carry_the_version()
    {
        ImageSet set = Shapes.Generate(1, 1, seed: 9).Test;
        Assert.Equal("shapes-v1/test", set.Name);
        Assert.Equal("Shapes version 1, generated, test images, seed 9", set.Description);
        Assert.Throws<ArgumentOutOfRangeException>(() => Shapes.Generate(-1, 1, seed: 0));
    }

    private static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static string Sha256MaskOf(ImageSet set) =>
        Sha256([.. Enumerable.Range(0, set.Count).SelectMany(i => set.Mask(i).ToArray())]);
}
