#pragma once
// A service over loopback, mutual TLS and all, and clients of its authority.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/service/client.h"
#include "engine/service/server.h"
#include "tests/service/service_house.h"

namespace whorl::service {

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    authority_.emplace(*ThrowAwayAuthority::make(house_.clock.now()));
    start();
  }
  void TearDown() override { server_.reset(); }

  void start() {
    auto started =
        Server::start({"127.0.0.1:0", *authority_->issue_server({"127.0.0.1"})}, *house_.service);
    ASSERT_TRUE(started) << describe(started.error());
    server_ = std::move(*started);
  }
  std::unique_ptr<Client> connect(const Credentials& credentials) {
    return std::move(
        *Client::connect({"127.0.0.1:" + std::to_string(server_->port()), credentials, ""}));
  }
  std::unique_ptr<Client> connect(const std::string& name = "register") {
    return connect(*authority_->issue_client(name));
  }
  static wire::StatsRequestT stats(const std::string& id) {
    wire::StatsRequestT request;
    request.heading = heading(id, "");
    return request;
  }

  House house_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
  std::optional<ThrowAwayAuthority> authority_;
  std::unique_ptr<Server> server_;
};

}  // namespace whorl::service
