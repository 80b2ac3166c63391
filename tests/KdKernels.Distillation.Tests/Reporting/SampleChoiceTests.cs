using System.Runtime.InteropServices;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Distillation.Tests.Reporting;

public sealed class SampleChoiceTests : IDisposable
{
    private const int Images = 60;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-samples-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Neither_student_is_favoured_by_the_choice()
    {
        // Thirty images that only the distilled student gets right come before six that only the plain one does.
        HeldOutPredictions predictions =
            Predictions(plain: i => i is >= 30 and < 36 ? 0 : 1, distilled: i => i < 30 ? 0 : 1);
        int[] disputed = SampleChoice.Of(predictions)[..SampleChoice.Disputed];
        Assert.Equal(4, disputed.Count(i => i < 30));
        Assert.Equal(3, disputed.Count(i => i is >= 30 and < 36));
        Assert.Equal(3, disputed.Count(i => i >= 36));
    }

    [Fact]
    public void Disputed_images_come_before_agreed_ones()
    {
        int[] chosen = SampleChoice.Of(Predictions(plain: i => i % 2, distilled: _ => 0));
        Assert.Equal(SampleChoice.Disputed + SampleChoice.Agreed, chosen.Length);
        Assert.All(chosen.Take(SampleChoice.Disputed), i => Assert.Equal(1, i % 2));
        Assert.All(chosen.Skip(SampleChoice.Disputed), i => Assert.Equal(0, i % 2));
        Assert.Equal(chosen.Length, chosen.Distinct().Count());
    }

    [Fact]
    public void Examples_are_spread_over_the_set()
    {
        int[] chosen = SampleChoice.Of(Predictions(plain: _ => 0, distilled: _ => 0));
        Assert.Equal([0, 12, 24, 36, 48], chosen);
    }

    [Fact]
    public void A_set_without_disputes_gives_what_there_is()
        => Assert.Equal([0, 1], SampleChoice.Of(new HeldOutPredictions([0, 1], [0, 1], [[0, 1]], [[0, 1]])));

    [Fact]
    public void The_file_gives_back_pictures_and_answers()
    {
        WritePredictions([0, 1, 2], [0, 1, 1], [0, 2, 2], [0, 1, 2]);
        byte[] pixels = [.. Enumerable.Range(0, 3 * 3 * 8 * 8).Select(i => (byte)i)];
        var heldOut =
            new ImageSet("test", "made up", new ImageShape(3, 8, 8), pixels, [0, 1, 2], ["cat", "dog", "fox"]);
        SampleFile.Save(_folder.FullName, heldOut);

        IReadOnlyList<SamplePicture> pictures = SampleFile.Read(
            Path.Combine(_folder.FullName, SampleFile.Name), HeldOutPredictions.Read(PredictionsPath));
        Assert.Equal(3, pictures.Count);
        Assert.Equal(("dog", "dog", "fox", "dog"), Answers(pictures[0]));
        Assert.Equal(("fox", "dog", "fox", "fox"), Answers(pictures[1]));
        Assert.Equal(("cat", "cat", "cat", "cat"), Answers(pictures[2]));
        Assert.Equal(PngWriter.EncodePlanar(heldOut.Image(1), 8, 8, 3), pictures[0].Png);
        Assert.True(pictures[1].Disputed);
        Assert.False(pictures[2].Disputed);
    }

    [Fact]
    public void Predictions_of_another_set_are_refused()
    {
        WritePredictions([0, 1], [0, 1], [0, 1], [0, 1]);
        var heldOut = new ImageSet("test", "made up", new ImageShape(1, 8, 8), new byte[64], [0], ["cat", "dog"]);
        InvalidDataException error =
            Assert.Throws<InvalidDataException>(() => SampleFile.Save(_folder.FullName, heldOut));
        Assert.Contains("expected predictions of 1 images but got 2", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.FullName, SampleFile.Name)));
    }

    private string PredictionsPath => Path.Combine(_folder.FullName, "predictions.safetensors");

    private static (string, string?, string, string?) Answers(SamplePicture picture)
        => (picture.TrueClass, picture.Teacher, picture.Plain, picture.Distilled);

    private static HeldOutPredictions Predictions(Func<int, int> plain, Func<int, int> distilled)
        => new(new long[Images], new long[Images], [[.. Enumerable.Range(0, Images).Select(i => (long)plain(i))]],
            [[.. Enumerable.Range(0, Images).Select(i => (long)distilled(i))]]);

    private void WritePredictions(long[] labels, long[] teacher, long[] plain, long[] distilled)
        => File.WriteAllBytes(PredictionsPath, SafetensorsWriter.ToArray(
        [
            Tensor("label", [labels.Length], labels),
            Tensor("teacher", [labels.Length], teacher),
            Tensor("plain", [1, labels.Length], plain),
            Tensor("distilled", [1, labels.Length], distilled),
        ]));

    private static SafetensorsTensor Tensor(string name, long[] shape, long[] values)
        => new(name, SafetensorsType.I64, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
