using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class ModuleTests
{
    [Fact]
    public void Fields_register_under_their_names_with_parameters_before_buffers()
    {
        using var scope = NewDisposeScope();
        var network = new Network();
        Assert.Equal(
            ["scale", "shift", "first.weight", "first.bias", "blocks.0.weight", "blocks.1.weight", "norm.weight", "norm.bias"],
            network.named_parameters().Select(entry => entry.name));
        Assert.Equal(
            ["offset", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"],
            network.named_buffers().Select(entry => entry.name));
        Assert.Equal(["first", "blocks", "norm"], network.named_children().Select(entry => entry.name));
        Assert.Equal(
            ["first", "blocks", "norm", "blocks.0", "blocks.1"], network.named_modules().Select(entry => entry.name));
        string[] keys = [.. network.state_dict().Keys];
        Assert.Equal(12, keys.Length);
        Assert.Equal(8, keys.ToList().IndexOf("offset"));
        Assert.Equal("net.scale", network.state_dict(prefix: "net").Keys.First());
    }

    [Fact]
    public void A_shared_parameter_is_listed_once()
    {
        using var scope = NewDisposeScope();
        var first = nn.Linear(2, 2, hasBias: false);
        var second = nn.Linear(first.weight);
        Assert.Single(nn.Sequential(first, second).parameters());
    }

    [Fact]
    public void Names_must_be_free_of_dots_not_empty_and_unique()
    {
        using var scope = NewDisposeScope();
        var network = new Network();
        Assert.Throws<ArgumentException>(() => network.register_module("a.b", nn.ReLU()));
        Assert.Throws<ArgumentException>(() => network.register_module("", nn.ReLU()));
        var error = Assert.Throws<InvalidOperationException>(() => network.register_module("first", nn.ReLU()));
        Assert.Contains("first is already registered", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => network.register_buffer("offset", zeros([1])));
        Assert.Throws<InvalidOperationException>(() => network.register_parameter("scale", nn.Parameter(zeros([1]))));
        Assert.Throws<ArgumentNullException>(() => network.register_buffer("more", null!));
        Assert.Throws<InvalidOperationException>(() => nn.ReLU().register_buffer("buffer", zeros([1])));
    }

    [Fact]
    public void Dotted_names_find_parameters_and_buffers()
    {
        using var scope = NewDisposeScope();
        var network = new Network();
        Assert.Same(network.First.weight, network.get_parameter("first.weight"));
        Assert.True(network.has_parameter("blocks.1.weight"));
        Assert.True(network.has_buffer("norm.running_var"));
        Assert.False(network.has_buffer("norm.weight"));
        Assert.Null(network.get_parameter("nothing.weight"));
        Assert.Null(network.get_buffer("nothing"));
    }

    [Fact]
    public void Train_and_eval_reach_every_module()
    {
        using var scope = NewDisposeScope();
        var network = nn.Sequential(new Network(), nn.Sequential(nn.Dropout()));
        Assert.All(network.modules(), module => Assert.True(module.training));
        network.eval();
        Assert.False(network.training);
        Assert.All(network.modules(), module => Assert.False(module.training));
        network.train();
        Assert.All(network.modules(), module => Assert.True(module.training));
    }

    [Fact]
    public void Apply_visits_children_before_their_parent()
    {
        using var scope = NewDisposeScope();
        var seen = new List<string>();
        nn.Sequential(("inner", nn.Sequential(nn.ReLU(), nn.Tanh())), ("flat", nn.Flatten()))
            .apply(module => seen.Add(module.GetName()));
        Assert.Equal(["ReLU", "Tanh", "Sequential", "Flatten", "Sequential"], seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Zero_grad_drops_or_clears_gradients(bool drop)
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(2, 1);
        layer.call(ones([3, 2])).sum().backward();
        Numbers.Close([3, 3], layer.weight.grad!);
        layer.zero_grad(set_to_none: drop);
        if (drop)
            Assert.Null(layer.weight.grad);
        else
            Numbers.Close([0, 0], layer.weight.grad!);
    }

    [Fact]
    public void Conversion_replaces_floating_tensors_keeps_integers_and_carries_gradients()
    {
        using var scope = NewDisposeScope();
        var network = new Network();
        Parameter old = network.First.weight;
        network.First.call(ones([1, 3])).sum().backward();
        double[] values = Numbers.Of(old);
        Network same = network.to(float64);

        Assert.Same(network, same);
        Assert.All(network.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.Equal(ScalarType.Float64, network.get_buffer("norm.running_mean")!.dtype);
        Assert.Equal(ScalarType.Int64, network.get_buffer("norm.num_batches_tracked")!.dtype);
        Assert.Same(network.Scale, network.get_parameter("scale"));
        Assert.True(old.IsInvalid);
        Numbers.Close(values, network.First.weight);
        Assert.Equal(ScalarType.Float64, network.First.weight.grad!.dtype);
        Assert.True(network.First.weight.requires_grad && network.First.weight.is_leaf);
        Assert.Throws<ArgumentException>(() => network.to(int64));
    }

    [Fact]
    public void Nothing_is_replaced_when_nothing_changes()
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(2, 2);
        Parameter weight = layer.weight;
        layer.to(float32).cpu().to("cpu").to(CPU, float32);
        Assert.Same(weight, layer.weight);
        Assert.False(weight.IsInvalid);
    }

    [Fact]
    public void Parameter_takes_the_tensor_over()
    {
        using var scope = NewDisposeScope();
        Tensor data = ones([2]);
        Parameter parameter = nn.Parameter(data);
        Assert.True(data.IsInvalid);
        Assert.True(parameter.requires_grad);
        Assert.False(nn.Parameter(ones([2]), requires_grad: false).requires_grad);
    }

    [Fact]
    public void Modules_outlive_the_scope_they_were_made_in_and_free_their_tensors_when_disposed()
    {
        nn.Module<Tensor, Tensor> network;
        using (NewDisposeScope()) network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2));
        Tensor[] held = [.. network.parameters(), .. network.buffers()];
        Assert.Equal(9, held.Length);
        Assert.All(held, tensor => Assert.False(tensor.IsInvalid));
        network.Dispose();
        Assert.All(held, tensor => Assert.True(tensor.IsInvalid));
        network.Dispose();
    }

    [Fact]
    public void Hooks_see_and_replace_inputs_and_results_until_removed()
    {
        using var scope = NewDisposeScope();
        var layer = nn.ReLU();
        var order = new List<string>();
        var pre = layer.register_forward_pre_hook((_, x) => { order.Add("pre"); return x + 1; });
        layer.register_forward_pre_hook((nn.Module _) => order.Add("module pre"));
        layer.register_forward_hook((_, _, result) => { order.Add("post"); return result * 10; });
        layer.register_forward_hook((nn.Module _) => order.Add("module post"));
        Numbers.Close([0, 30], layer.call(tensor(new[] { -5.0, 2.0 })));
        Assert.Equal(["module pre", "pre", "post", "module post"], order);
        pre.remove();
        pre.remove();
        Numbers.Close([0, 20], layer.call(tensor(new[] { -5.0, 2.0 })));
        Numbers.Close([0, 2], layer.forward(tensor(new[] { -5.0, 2.0 })));
    }

    private sealed class Network : nn.Module<Tensor, Tensor>
    {
        private readonly Linear first = nn.Linear(3, 2);
        private readonly ModuleList<Linear> blocks = nn.ModuleList(nn.Linear(2, 2, hasBias: false), nn.Linear(2, 2, hasBias: false));
        private readonly BatchNorm1d norm = nn.BatchNorm1d(2);
        private readonly Tensor offset = zeros([2]);
        private Parameter scale = nn.Parameter(ones([2]));
        private Parameter shift = nn.Parameter(zeros([2]));

        internal Network()
            : base(nameof(Network)) => RegisterComponents();

        internal Linear First => first;

        internal Parameter Scale => scale;

        public override Tensor forward(Tensor input)
        {
            Tensor x = first.call(input);
            foreach (Linear block in blocks) x = block.call(x);
            return norm.call(x) * scale + shift + offset;
        }
    }
}
