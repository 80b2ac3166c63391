using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class ModuleStateTests
{
    [Fact]
    public void Saved_bytes_follow_the_format()
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(2, 1);
        using (no_grad())
        {
            layer.weight.copy_(tensor(new[] { 1.5f, -2f }).reshape(1, 2));
            layer.bias!.copy_(tensor(new[] { 0.25f }));
        }
        using var stream = new MemoryStream();
        layer.save(stream);

        byte[] expected =
        [
            2, // entries
            6, (byte)'w', (byte)'e', (byte)'i', (byte)'g', (byte)'h', (byte)'t',
            6, 2, 1, 2, // Float32, two dimensions: 1, 2
            0x00, 0x00, 0xc0, 0x3f, // 1.5 little endian
            0x00, 0x00, 0x00, 0xc0, // -2
            4, (byte)'b', (byte)'i', (byte)'a', (byte)'s',
            6, 1, 1, // Float32, one dimension: 1
            0x00, 0x00, 0x80, 0x3e, // 0.25
        ];
        Assert.Equal(expected, stream.ToArray());
    }

    [Fact]
    public void Sizes_above_127_take_two_bytes_with_the_low_bits_first()
    {
        using var scope = NewDisposeScope();
        var layer = nn.BatchNorm1d(300, track_running_stats: false);
        using var stream = new MemoryStream();
        layer.save(stream, skip: ["bias"]);
        byte[] bytes = stream.ToArray();
        Assert.Equal([1, 6, .. "weight"u8, 6, 1, 0xac, 0x02], bytes[..12]);
        Assert.Equal(12 + 4 * 300, bytes.Length);
    }

    [Fact]
    public void A_file_brings_parameters_and_buffers_back()
    {
        using var scope = NewDisposeScope();
        var saved = Network();
        saved.call(rand([4, 1, 6, 6]));
        string path = Path.GetTempFileName();
        try
        {
            saved.save(path);
            var loaded = Network();
            var seen = new Dictionary<string, bool>(StringComparer.Ordinal);
            loaded.load(path, loadedParameters: seen);
            Assert.All(saved.state_dict(), entry => Numbers.Close(entry.Value, loaded.state_dict()[entry.Key], 0));
            Assert.Equal(saved.state_dict().Keys, seen.Keys);
            Assert.All(seen.Values, Assert.True);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Loading_names_the_entries_that_are_missing_or_unexpected()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => nn.Linear(2, 1).load(Saved(nn.Linear(2, 1, hasBias: false))));
        Assert.Contains("expected 2, but found 1 entries. Missing: 'bias'.", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => nn.Linear(2, 1, hasBias: false).load(Saved(nn.Linear(2, 1))));
        Assert.Contains("Unexpected: 'bias'.", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(
            () => nn.Sequential(("a", nn.Linear(2, 1))).load(Saved(nn.Sequential(("b", nn.Linear(2, 1))))));
        Assert.Contains("named 'b.weight'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loading_names_the_entry_whose_shape_differs()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => nn.Linear(3, 1).load(Saved(nn.Linear(2, 1))));
        Assert.Contains("'weight'", error.Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => nn.Linear(3, 1).load(Path.Combine(Path.GetTempPath(), "no such file")));
    }

    [Fact]
    public void Loading_leniently_takes_what_fits_and_skips_what_it_is_told_to()
    {
        using var scope = NewDisposeScope();
        var source = nn.Sequential(("a", nn.Linear(2, 1)), ("b", nn.Linear(1, 1)));
        var target = nn.Sequential(("a", nn.Linear(2, 1)), ("c", nn.Linear(1, 1)));
        double[] bias = Numbers.Of(target.state_dict()["a.bias"]), other = Numbers.Of(target.state_dict()["c.weight"]);
        var seen = new Dictionary<string, bool>(StringComparer.Ordinal);
        target.load(Saved(source), strict: false, skip: ["a.bias"], loadedParameters: seen);
        Numbers.Close(source.state_dict()["a.weight"], target.state_dict()["a.weight"], 0);
        Numbers.Close(bias, target.state_dict()["a.bias"], 0);
        Numbers.Close(other, target.state_dict()["c.weight"], 0);
        Assert.Equal(["a.weight", "a.bias"], seen.Where(entry => entry.Value).Select(entry => entry.Key));
        Assert.Equal(["b.weight", "b.bias"], seen.Where(entry => !entry.Value).Select(entry => entry.Key));
    }

    [Fact]
    public void A_state_dict_is_copied_strictly_or_leniently()
    {
        using var scope = NewDisposeScope();
        var source = nn.Linear(2, 1);
        var target = nn.Linear(2, 1);
        var (missing, unexpected) = target.load_state_dict(source.state_dict());
        Assert.Empty(missing);
        Assert.Empty(unexpected);
        Numbers.Close(source.weight, target.weight, 0);
        Assert.NotSame(source.weight, target.weight);

        var partial = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["weight"] = zeros([1, 2]), ["extra"] = zeros([1]) };
        var error = Assert.Throws<InvalidOperationException>(() => target.load_state_dict(partial));
        Assert.Contains("Missing: 'bias'. Unexpected: 'extra'.", error.Message, StringComparison.Ordinal);
        Numbers.Close(source.weight, target.weight, 0);
        (missing, unexpected) = target.load_state_dict(partial, strict: false);
        Assert.Equal(["bias"], missing);
        Assert.Equal(["extra"], unexpected);
        Numbers.Close([0, 0], target.weight);
        target.load_state_dict(partial, skip: ["bias", "extra"]);
    }

    [Fact]
    public void A_buffer_that_is_not_persistent_is_in_no_state()
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(1, 1);
        layer.register_buffer("kept", ones([1]));
        layer.register_buffer("passing", ones([1]), persistent: false);
        Assert.Equal(["weight", "bias", "kept"], layer.state_dict().Keys);
        Assert.NotNull(layer.get_buffer("passing"));
    }

    private static TorchSharp.Modules.Sequential Network() =>
        nn.Sequential(
            ("conv", nn.Conv2d(1, 2, 3)), ("norm", nn.BatchNorm2d(2)), ("relu", nn.ReLU()), ("flat", nn.Flatten()),
            ("linear", nn.Linear(32, 3)));

    private static MemoryStream Saved(nn.Module module)
    {
        using var stream = new MemoryStream();
        module.save(stream);
        return new MemoryStream(stream.ToArray());
    }
}
